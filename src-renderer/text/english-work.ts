export const workText = {}
