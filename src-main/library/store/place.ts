/** Where a photo's file is, or was seen last. */
export interface Place {
  folderId: number
  directory: string
  name: string
}

export function isSamePlace(place: Place | undefined, other: Place): boolean {
  return (
    place !== undefined &&
    place.folderId === other.folderId &&
    place.directory === other.directory &&
    place.name === other.name
  )
}
