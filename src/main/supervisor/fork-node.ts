import type { MessagePortMain } from 'electron'
import { utilityProcess } from 'electron'
import type { NodeProcess, ProcessEvents } from './node-supervisor.ts'

/** Starts the node in a utility process. Only after the app is ready. */
export function forkNode(
  entry: string,
  environment: Record<string, string>,
  events: ProcessEvents,
): NodeProcess<MessagePortMain> {
  const child = utilityProcess.fork(entry, [], { serviceName: 'memo-node', stdio: ['ignore', 'pipe', 'pipe'], env: environment })
  let fatal: string | undefined
  child.on('message', events.message)
  child.stdout?.on('data', (chunk: Buffer) => events.output(chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => events.output(chunk.toString()))
  child.on('error', (type, location) => {
    fatal = `V8 ended its process: ${type} at ${location}`
  })
  child.on('exit', (exitCode) => events.exited(exitCode, fatal))
  return {
    send: (message, ports = []) => child.postMessage(message, [...ports]),
    kill: () => void child.kill(),
  }
}
