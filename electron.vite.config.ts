import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'
import { rendererBuild } from './renderer.config.ts'

/** Carries files that a module names as `new URL('./file', import.meta.url)` into the output, and names them anew. */
function filesBesideModules(): Plugin {
  return {
    name: 'memo:files-beside-modules',
    apply: 'build',
    transform(code, id) {
      if (!id.includes('/src/') || !code.includes('import.meta.url')) return null
      const pattern = /new URL\(\s*(['"])(\.{1,2}\/[^'"]+)\1,\s*import\.meta\.url\s*\)/g
      const replaced = code.replace(pattern, (whole, _quote, path: string) => {
        const file = join(dirname(id), path)
        if (!existsSync(file)) return whole
        const fileName = `assets/${basename(file)}`
        this.emitFile({ type: 'asset', fileName, source: readFileSync(file) })
        return `new URL('./${fileName}', import.meta.url)`
      })
      return { code: replaced, map: null }
    },
  }
}

// `main` holds the desktop app, its node, and the command line for a published package, where Node does not strip types:
// `dependencies` stay imports.
export default defineConfig({
  main: {
    plugins: [filesBesideModules()],
    build: {
      outDir: 'out/main',
      sourcemap: true,
      target: 'node24',
      rollupOptions: {
        input: { cli: 'src/node/cli/main.ts', index: 'src/main/index.ts', node: 'src/node/entry-utility.ts' },
        // All chunks in one folder, so that the path of a file beside them is the same from each.
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  // A sandboxed page loads no ES module as its preload: one file, whose only `require` is `electron`.
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      rollupOptions: {
        input: { index: 'src/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: rendererBuild,
})
