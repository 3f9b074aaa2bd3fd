import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { compileModule } from 'svelte/compiler'

// State classes in `.svelte.ts` are compiled as the page's build does it. Import what has runes with `import()`, after this.
registerHooks({
  load(url, context, next) {
    if (!url.endsWith('.svelte.ts')) return next(url, context)
    const { source } = next(url, { ...context, format: 'module-typescript' })
    const stripped = stripTypeScriptTypes(String(source))
    const { js } = compileModule(stripped, { filename: new URL(url).pathname, generate: 'client' })
    return { format: 'module', source: js.code, shortCircuit: true }
  },
})
