import { defineConfig } from 'electron-vite'

// The command line for a published package, where Node does not strip types: `dependencies` stay imports.
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      sourcemap: true,
      target: 'node24',
      rollupOptions: {
        input: { cli: 'src/node/cli/main.ts' },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
})
