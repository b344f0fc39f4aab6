import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Settings } from '../../../ipc/contract/setting-schemas.ts'
import { useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { useShortcut } from '../../shortcuts/use-shortcut.tsx'
import { sentenceOf } from '../../text/sentence-of.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { Loading } from '../../ui/loading.tsx'
import { Page } from '../../ui/page.tsx'
import { Failed, Stale } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { AdvancedSection } from './advanced-section.tsx'
import { ApplyBar } from './apply-bar.tsx'
import { FileProblemNote } from './file-problem-note.tsx'
import { GeneralSection } from './general-section.tsx'
import { NodeSection } from './node-section.tsx'
import { NothingFound } from './nothing-found.tsx'
import { PrivacySection } from './privacy-section.tsx'
import { RestartNote } from './restart-note.tsx'
import { SafetySection } from './safety-section.tsx'
import { SectionNav } from './section-nav.tsx'
import css from './settings.module.css'
import { ShortcutsSection } from './shortcuts-section.tsx'
import { useSettingsForm } from './use-settings-form.ts'

export function SettingsPage(): ReactElement {
  const { t } = useTranslation('settings')
  const { find = '' } = useSearch({ from: '/shell/settings' })
  const navigate = useNavigate()
  const search = useRef<HTMLInputElement>(null)
  const { queries, live } = useNode()
  useNodeEvents(['settings'])
  useShortcut('filter.focus', () => search.current?.focus())
  // Nobody tells of a file that is changed past the node: it is read whenever somebody comes to look.
  const { data, error, refetch } = useQuery({ ...queries.settings.get.queryOptions(), refetchOnMount: 'always' })
  useEffect(() => {
    const readAgain = (): void => {
      if (live) void refetch()
    }
    window.addEventListener('focus', readAgain)
    return () => window.removeEventListener('focus', readAgain)
  }, [live, refetch])
  // What was read before stays; without a node the window says why.
  const unread = data !== undefined && live && error !== null ? error : undefined
  const setFind = (text: string): void => {
    void navigate({ to: '/settings', search: text === '' ? {} : { find: text }, replace: true })
  }
  return (
    <Page
      title={t('title')}
      bare
      actions={
        <TextField
          ref={search}
          className={css.find}
          label={t('find')}
          labelHidden
          icon={<Search size={14} aria-hidden="true" />}
          placeholder={t('findHint')}
          maxLength={64}
          value={find}
          onChange={setFind}
        />
      }
    >
      {unread !== undefined && (
        <Banner tone="danger" actions={<Button onClick={() => void refetch()}>{t('retry')}</Button>}>
          {t('unread', { reason: sentenceOf(failureOf(unread).message) })}
        </Banner>
      )}
      <Sections settings={data} unread={unread !== undefined} find={find.trim()} onClear={() => setFind('')}>
        {error === null ? (
          <Loading rows={6} text={t('loading')} />
        ) : (
          <Failed title={t('failed')} failure={failureOf(error)} onRetry={() => void refetch()} />
        )}
      </Sections>
    </Page>
  )
}

interface SectionsProps {
  readonly settings: Settings | undefined
  /** The file could not be read again: nothing is known of what it says at present. */
  readonly unread: boolean
  readonly find: string
  readonly onClear: () => void
  /** Stands for the node's settings while there are none. */
  readonly children: ReactNode
}

const none: Settings = { rows: [], file: '', text: '', digest: '', problems: [] }

/** The settings of the screens can be used whether or not those of the node can be read. */
function Sections({ settings, unread, find, onClear, children }: SectionsProps) {
  const { live } = useNode()
  const form = useSettingsForm({ settings: settings ?? none, unread })
  return (
    <>
      {settings !== undefined && !unread && <FileProblemNote settings={settings} find={find} />}
      {settings !== undefined && <RestartNote settings={settings} />}
      <div className={css.columns}>
        <SectionNav find={find} />
        <div className={css.scroll}>
          <GeneralSection find={find} />
          {settings === undefined ? (
            children
          ) : (
            <Stale stale={!live}>
              <NodeSection settings={settings} form={form} find={find} live={live} />
              <SafetySection settings={settings} unread={unread} find={find} live={live} />
            </Stale>
          )}
          <PrivacySection find={find} />
          <ShortcutsSection find={find} />
          {settings !== undefined && <AdvancedSection settings={settings} unread={unread} find={find} live={live} />}
          {settings !== undefined && <NothingFound find={find} onClear={onClear} />}
        </div>
      </div>
      {settings !== undefined && <ApplyBar form={form} live={live} />}
    </>
  )
}
