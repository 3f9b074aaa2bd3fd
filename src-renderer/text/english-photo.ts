export const photoText = {}
