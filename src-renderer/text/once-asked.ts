/** @returns what gives always the same, made when it is first asked for */
export function onceAsked<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
