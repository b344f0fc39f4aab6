/** `npm run sim` as a process of its own: a mutant, and the trap of a world, are for one process. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const main = new URL('main.ts', import.meta.url).pathname

export async function runSim(...flags: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const options = { maxBuffer: 64 * 1024 * 1024 }
  try {
    return { code: 0, output: (await run(process.execPath, [main, ...flags], options)).stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { readonly code: number; readonly stdout: string; readonly stderr: string }
    return { code, output: `${stdout}${stderr}` }
  }
}
