import { defineConfig } from 'vitest/config'

type Options = { readonly timeoutMs?: number; readonly serial?: boolean; readonly pure?: boolean }

function suite(name: string, { timeoutMs = 5_000, serial = false, pure = false }: Options = {}) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      isolate: !pure,
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
      suite('integration', { timeoutMs: 300_000, serial: true }),
      suite('interop', { timeoutMs: 120_000, serial: true }),
      suite('tidy', { timeoutMs: 120_000 }),
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/node/api/grpc/generated/**'] },
  },
})
