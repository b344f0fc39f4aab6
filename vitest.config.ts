import { defineConfig } from 'vitest/config'
import { rendererCss, rendererDefine, rendererPlugins } from './renderer.config.ts'

type Options = {
  readonly timeoutMs?: number
  readonly serial?: boolean
  readonly pure?: boolean
  readonly turn?: number
  readonly exclude?: string[]
  readonly globalSetup?: string
}

function suite(
  name: string,
  { timeoutMs = 5_000, serial = false, pure = false, turn = 0, exclude = [], globalSetup }: Options = {},
) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      isolate: !pure,
      // Suites of one turn share the workers; a suite that measures or kills processes gets the machine to itself.
      sequence: { groupOrder: turn },
      ...(serial && { fileParallelism: false }),
      ...(globalSetup !== undefined && { globalSetup }),
    },
  }
}

const renderer = {
  extends: true as const,
  plugins: rendererPlugins,
  css: rendererCss,
  define: rendererDefine,
  test: {
    name: 'renderer',
    environment: 'happy-dom',
    include: ['test/unit/renderer/**/*.test.{ts,tsx}'],
    setupFiles: ['test/unit/renderer/set-up.ts'],
    testTimeout: 20_000,
    css: true,
  },
}

export default defineConfig({
  test: {
    environment: 'node',
    maxWorkers: 2,
    passWithNoTests: true,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      suite('unit', { timeoutMs: 10_000, pure: true, exclude: ['test/unit/renderer/**'] }),
      renderer,
      suite('property', { timeoutMs: 60_000, pure: true }),
      suite('conformance', { timeoutMs: 60_000 }),
      suite('sim', { timeoutMs: 300_000 }),
      suite('integration', { timeoutMs: 300_000, serial: true, turn: 1 }),
      suite('interop', { timeoutMs: 120_000, serial: true, turn: 2 }),
      suite('e2e', { timeoutMs: 120_000, serial: true, turn: 3, globalSetup: 'test/e2e/support/build-app.ts' }),
      suite('tidy', { timeoutMs: 120_000 }),
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts', 'src/**/*.tsx'], exclude: ['src/node/api/grpc/generated/**'] },
  },
})
