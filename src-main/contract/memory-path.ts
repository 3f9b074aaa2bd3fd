/**
 * Where the visual memory of a picture lies: `DIRECTORY/MODEL/ab/abcd….f16`, rows of half-precision numbers. A model's own
 * folder goes with the model. `/` works on every system.
 *
 * @param contentHash SHA-256 of the picture's file, lower-case hex
 */
export function memoryPath(directory: string, modelId: string, contentHash: string): string {
  return `${memoryFolder(directory, modelId)}/${memoryPlace(contentHash)}`
}

/** The same in the folder of a model. */
export function memoryPlace(contentHash: string): string {
  return `${contentHash.slice(0, 2)}/${contentHash}.f16`
}

/** An id is any text: what no folder's name may hold is written as its code. */
export function memoryFolder(directory: string, modelId: string): string {
  const name = Array.from(modelId, (letter) =>
    /[A-Za-z0-9-]/.test(letter) ? letter : `_${letter.codePointAt(0)!.toString(16)}_`,
  )
  return `${directory}/${name.join('')}`
}
