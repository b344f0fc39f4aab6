import type { z } from 'zod'
import type { Settings, SettingsResult, settingsChangeSchema } from '../../../ipc/contract/setting-schemas.ts'
import { controlBase } from './control-base.ts'

export interface SettingsParts {
  readonly settings: SettingsSource
}

/** The settings of this node and the file that holds them. */
export interface SettingsSource {
  read(): Promise<Settings>
  put(change: z.infer<typeof settingsChangeSchema>): Promise<SettingsResult>
}

export function settingsHandlers({ settings: source }: SettingsParts) {
  const { settings } = controlBase
  return {
    get: settings.get.handler(() => source.read()),
    put: settings.put.handler(({ input }) => source.put(input)),
  }
}
