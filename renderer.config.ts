import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import manifest from './package.json' with { type: 'json' }

const root = join(import.meta.dirname, 'src/renderer')

/** What the build of the screens and the tests of them have to agree on. */
export const rendererPlugins = [react()]
export const rendererDefine = { __APP_VERSION__: JSON.stringify(manifest.version) }
export const rendererCss = { modules: { localsConvention: 'camelCaseOnly' } } as const

/** Static files only, for a content security policy without inline script, inline style or evaluation. */
export const rendererBuild = {
  root,
  base: './',
  plugins: rendererPlugins,
  css: rendererCss,
  define: rendererDefine,
  build: {
    outDir: join(import.meta.dirname, 'out/renderer'),
    emptyOutDir: true,
    minify: true,
    sourcemap: false,
    target: 'chrome142',
    // A file in a data: URL is not named by the policy for fonts and workers.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Styles come with the document: a page whose code is fetched later is never shown without its own.
    cssCodeSplit: false,
    rollupOptions: { input: join(root, 'index.html') },
  },
}

export default rendererBuild
