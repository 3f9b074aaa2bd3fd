import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { namesOfCalls } from './names-of-calls.ts'

// Everything the page needs lies in its own folder: no address but its own is ever asked.
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [namesOfCalls, svelte()],
  build: {
    outDir: '../out/page',
    emptyOutDir: true,
    target: 'chrome140',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
})
