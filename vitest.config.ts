import { defineConfig } from 'vitest/config'

type Options = { readonly timeoutMs?: number; readonly serial?: boolean; readonly pure?: boolean; readonly turn?: number }

function suite(name: string, { timeoutMs = 5_000, serial = false, pure = false, turn = 0 }: Options = {}) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      isolate: !pure,
      // Suites of one turn share the workers; a suite that measures or kills processes gets the machine to itself.
      sequence: { groupOrder: turn },
      ...(serial && { fileParallelism: false }),
    },
  }
}

export default defineConfig({
  test: {
    environment: 'node',
    maxWorkers: 2,
    passWithNoTests: true,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      suite('unit', { timeoutMs: 10_000, pure: true }),
      suite('property', { timeoutMs: 60_000, pure: true }),
      suite('conformance', { timeoutMs: 60_000 }),
      suite('integration', { timeoutMs: 300_000, serial: true, turn: 1 }),
      suite('interop', { timeoutMs: 120_000, serial: true, turn: 2 }),
      suite('tidy', { timeoutMs: 120_000 }),
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/node/api/grpc/generated/**'] },
  },
})
