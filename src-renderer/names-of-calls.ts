import type { Plugin } from 'vite'
import { hostCalls } from '../src-main/contract/host-calls.ts'
import { windowCalls } from '../src-main/contract/window-calls.ts'

const tables: Readonly<Record<string, object>> = { hostCalls, windowCalls }

/**
 * A page asks by name, and whoever answers checks what it asks: of the contract's tables it gets the names. The schemas, and the
 * library that they are made with, were a third of what its script computed at first.
 */
export const namesOfCalls: Plugin = {
  name: 'names-of-calls',
  enforce: 'pre',
  resolveId(id) {
    if (id === 'zod')
      throw new Error('The page has no schemas: what it needs beside them wants a module without any.')
  },
  load(id) {
    const [, file = ''] = /src-main\/contract\/([\w-]+)\.ts$/.exec(id.replaceAll('\\', '/')) ?? []
    const name = file.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    const table = tables[name]
    if (!table) return null
    const names = Object.fromEntries(Object.keys(table).map((call) => [call, {}]))
    return `export const ${name} = ${JSON.stringify(names)}`
  },
}
