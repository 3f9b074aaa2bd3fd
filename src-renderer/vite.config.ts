import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig, type Plugin } from 'vite'
import { namesOfCalls } from './names-of-calls.ts'

/** The window's code is on its way before the page's first lines ask for it. */
const preloadWindow: Plugin = {
  name: 'preload-window',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle = {} }) {
      const later = Object.values(bundle).filter((part) => part.type === 'chunk' && part.isDynamicEntry)
      return later.map(({ fileName }) => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `./${fileName}` },
        injectTo: 'head',
      }))
    },
  },
}

// Everything the page needs lies in its own folder: no address but its own is ever asked.
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [namesOfCalls, preloadWindow, svelte()],
  build: {
    outDir: '../out/page',
    emptyOutDir: true,
    target: 'chrome140',
    assetsInlineLimit: 0,
    // All styles with the page: code that comes later would wait for its own.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
})
