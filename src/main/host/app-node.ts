import type { NodeMessage } from '../../ipc/supervision/node-messages.ts'
import type { AppSettings } from '../files/app-settings.ts'
import { nodeArguments } from '../files/app-settings.ts'

export interface AppNodeParts {
  readonly settings: { readonly value: AppSettings; write(value: AppSettings): boolean }
  readonly commandLine: readonly string[]
}

/** With what flags the app starts its node: what it remembers, what its command line says, and what a person chose meanwhile. */
export class AppNode {
  readonly #parts: AppNodeParts
  #chosenDirectory: string | undefined
  #chosenAddress: string | undefined
  #findsPort = false
  #dataDirectory: string | undefined

  constructor(parts: AppNodeParts) {
    this.#parts = parts
  }

  /** Where the node keeps its data, once it has said so. */
  get dataDirectory(): string | undefined {
    return this.#dataDirectory
  }

  arguments(): readonly string[] {
    const { settings, commandLine } = this.#parts
    const address = this.#findsPort ? '127.0.0.1:0' : this.#chosenAddress
    return [
      ...nodeArguments(settings.value, commandLine),
      ...(this.#chosenDirectory === undefined ? [] : ['--data', this.#chosenDirectory]),
      ...(address === undefined ? [] : ['--grpc', address]),
    ]
  }

  /** The next start takes a port that is free, and later ones keep it. */
  findPort(): void {
    this.#findsPort = true
  }

  takeDirectory(directory: string): void {
    const { settings } = this.#parts
    this.#chosenDirectory = directory
    settings.write({ ...settings.value, dataDirectory: directory })
  }

  told(message: Extract<NodeMessage, { kind: 'configured' | 'serving' }>): void {
    if (message.kind === 'configured') this.#dataDirectory = message.dataDirectory
    else if (this.#findsPort) {
      this.#findsPort = false
      this.#chosenAddress = message.grpc
      const { settings } = this.#parts
      settings.write({ ...settings.value, grpcAddress: message.grpc })
    }
  }
}
