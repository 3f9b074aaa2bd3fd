export const gridText = {}
