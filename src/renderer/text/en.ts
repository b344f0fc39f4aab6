import { activity } from './en/activity.ts'
import { cluster } from './en/cluster.ts'
import { connect } from './en/connect.ts'
import { keys } from './en/keys.ts'
import { overview } from './en/overview.ts'
import { settings } from './en/settings.ts'
import { shell } from './en/shell.ts'
import { shortcuts } from './en/shortcuts.ts'
import { ui } from './en/ui.ts'

/** All texts of the screens, by area. A text is found by its area and name: `useTranslation('keys')`, then `t('title')`. */
export const en = { activity, cluster, connect, keys, overview, settings, shell, shortcuts, ui } as const
