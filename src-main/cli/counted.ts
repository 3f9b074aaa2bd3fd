/** How many of a thing there are, as a person says it: `1 photo`, `1,000 photos`. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`
}
