import { dialog, shell } from 'electron'
import { CodedError } from '../../shared/coded-error.ts'
import { safeOpenExternal } from '../security/safe-open-external.ts'
import type { NodeSupervisor } from '../supervisor/node-supervisor.ts'
import type { AppNode } from './app-node.ts'
import type { HostActions } from './host-router.ts'

export interface DesktopActionsParts<Port> {
  readonly version: string
  readonly logFolder: string
  readonly supervisor: NodeSupervisor<Port>
  readonly node: AppNode
}

export function desktopActions<Port>({ version, logFolder, supervisor, node }: DesktopActionsParts<Port>): HostActions {
  return {
    capabilities: {
      host: 'desktop',
      platform: process.platform,
      appVersion: version,
      supervises: true,
      showsFiles: true,
      signsOut: false,
    },
    run: () => supervisor.run,
    start: (options) => supervisor.start(options),
    stop: () => supervisor.stop(),
    restart: (options) => supervisor.restart(options),
    startOnFreePort() {
      node.findPort()
      supervisor.restart()
    },
    async startElsewhere() {
      const { canceled, filePaths } = await dialog.showOpenDialog({
        title: 'Where the node keeps its data',
        properties: ['openDirectory', 'createDirectory'],
      })
      const [directory] = filePaths
      if (canceled || directory === undefined) return false
      node.takeDirectory(directory)
      supervisor.restart()
      return true
    },
    async show(what) {
      const folder = what === 'logs' ? logFolder : node.dataDirectory
      if (folder === undefined) throw new CodedError('not-running', 'the node has not said yet where its data is')
      const problem = await shell.openPath(folder)
      if (problem !== '') throw new CodedError('internal', `the folder cannot be shown: ${problem}`)
    },
    openExternal,
  }
}

/** Throws CodedError `invalid-argument` for what is not a page outside. */
export async function openExternal(url: string): Promise<void> {
  const verdict = await safeOpenExternal(url, {
    open: (address) => shell.openExternal(address),
    confirm: async ({ host, url: address }) => {
      const { response } = await dialog.showMessageBox({
        type: 'question',
        message: `Open ${host} in your browser?`,
        detail: address,
        buttons: ['Cancel', 'Open'],
        defaultId: 0,
        cancelId: 0,
      })
      return response === 1
    },
  })
  if (verdict === 'refused') throw new CodedError('invalid-argument', 'only pages with an https address are opened')
}
