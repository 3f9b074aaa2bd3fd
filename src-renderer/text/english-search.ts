export const searchText = {}
