import envPaths from 'env-paths'

/** Where the app keeps libraries and downloaded models unless told otherwise. */
export function defaultDataDirectory(): string {
  return process.env.LENSLORE_DATA || envPaths('Lenslore', { suffix: '' }).data
}
