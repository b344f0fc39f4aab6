import { useMutation } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { ArrowDownToLine, Download, Pause, Search, SlidersHorizontal } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LogLevel } from '../../../ipc/contract/log-schemas.ts'
import { logLevels } from '../../../ipc/contract/log-schemas.ts'
import { useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { saveText } from '../../download/save-file.ts'
import { useShortcut } from '../../shortcuts/use-shortcut.tsx'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { formatCount, formatNumber } from '../../ui/format.ts'
import { Loading } from '../../ui/loading.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Toolbar } from '../../ui/page.tsx'
import { Select } from '../../ui/select.tsx'
import { Empty, Failed, Stale } from '../../ui/states.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { LogDetail } from './log-detail.tsx'
import { LogList } from './log-list.tsx'
import type { FilterChoice } from './log-text.ts'
import { exportedLines, filterOf, isFiltered, noChoice } from './log-text.ts'
import css from './logs.module.css'
import type { Log } from './use-log.ts'
import { useLog } from './use-log.ts'

/** Time without typing after which the node is asked. */
const searchDelayMs = 250

export function LogsTab(): ReactElement {
  const { live } = useNode()
  const [choice, setChoice] = useState(noChoice)
  const settled = useSettled(choice)
  const log = useLog(filterOf(settled))
  const [chosen, setChosen] = useState<number>()
  const line = log.buffer.lines.find(({ sequence }) => sequence === chosen)
  const choose = (sequence: number | undefined): void => {
    setChosen(sequence)
    // What is read is not to move away.
    if (sequence !== undefined) log.pause()
  }
  return (
    <>
      <LogTools log={log} choice={choice} onChoice={setChoice} />
      <LogNotices log={log} />
      <Stale stale={!live}>
        <div className={css.body}>
          <LogBody log={log} choice={settled} chosen={line?.sequence} onChoose={choose} onClear={() => setChoice(noChoice)} />
          {line !== undefined && <LogDetail line={line} onClose={() => setChosen(undefined)} />}
        </div>
      </Stale>
      <LogFooter log={log} />
    </>
  )
}

/** The choice, with its text only after a pause of typing. */
function useSettled(choice: FilterChoice): FilterChoice {
  const [text, setText] = useState(choice.text)
  useEffect(() => {
    const timer = setTimeout(() => setText(choice.text), searchDelayMs)
    return () => clearTimeout(timer)
  }, [choice.text])
  return { ...choice, text }
}

interface ToolsProps {
  readonly log: Log
  readonly choice: FilterChoice
  readonly onChoice: (choice: FilterChoice) => void
}

function LogTools({ log, choice, onChoice }: ToolsProps) {
  const { t } = useTranslation('activity')
  const levels = [
    { value: 'all', label: t('levelAll') },
    { value: 'debug', label: t('levelDebug') },
    { value: 'info', label: t('levelInfo') },
    { value: 'warn', label: t('levelWarn') },
    { value: 'error', label: t('levelError') },
  ] as const
  const search = useRef<HTMLInputElement>(null)
  useShortcut('filter.focus', () => search.current?.focus())
  const known = log.facts?.subsystems ?? []
  const subsystems = choice.subsystem === '' || known.includes(choice.subsystem) ? known : [...known, choice.subsystem]
  return (
    <Toolbar label={t('logTools')}>
      <TextField
        ref={search}
        className={css.search}
        label={t('search')}
        labelHidden
        icon={<Search size={14} aria-hidden="true" />}
        placeholder={t('searchHint')}
        value={choice.text}
        onChange={(text) => onChoice({ ...choice, text })}
      />
      <Select
        label={t('level')}
        labelHidden
        options={levels}
        value={choice.level}
        onChange={(level) => onChoice({ ...choice, level })}
      />
      <Select
        label={t('subsystem')}
        labelHidden
        options={[{ value: '', label: t('subsystemAll') }, ...subsystems.map((name) => ({ value: name, label: name }))]}
        value={choice.subsystem}
        onChange={(subsystem) => onChoice({ ...choice, subsystem })}
      />
      <div className={css.toolsEnd}>
        <NodeLevel level={log.facts?.level} />
        <Button
          icon={<Download size={14} aria-hidden="true" />}
          title={t('exportHint')}
          onClick={() => saveText('memo-log.ndjson', exportedLines(log.buffer.lines), 'application/x-ndjson')}
        >
          {t('export')}
        </Button>
        <FollowButton log={log} />
      </div>
    </Toolbar>
  )
}

function FollowButton({ log }: { readonly log: Log }) {
  const { t } = useTranslation('activity')
  const { following, unseen } = log.buffer
  const label = following
    ? t('pause')
    : unseen === 0
      ? t('follow')
      : t('newLines', { count: unseen, number: formatCount(unseen) })
  return (
    <Button
      kind={following || unseen === 0 ? 'default' : 'primary'}
      title={following ? t('followOn') : t('followOff')}
      icon={following ? <Pause size={14} aria-hidden="true" /> : <ArrowDownToLine size={14} aria-hidden="true" />}
      onClick={following ? log.pause : log.follow}
    >
      {label}
    </Button>
  )
}

/** The level of the node itself, until it stops. */
function NodeLevel({ level }: { readonly level: LogLevel | undefined }) {
  const { t } = useTranslation('activity')
  const { queries, live } = useNode()
  const [set, setSet] = useState<LogLevel>()
  const change = useMutation(queries.logs.setLevel.mutationOptions({ onSuccess: (_, input) => setSet(input.level) }))
  const shown = set ?? level
  if (shown === undefined) return null
  return (
    <>
      {change.error !== null && (
        <span role="alert" className={css.problem}>
          {t('nodeLevelFailed', { reason: failureOf(change.error).message })}
        </span>
      )}
      <Menu
        align="end"
        trigger={
          <Button
            kind="quiet"
            icon={<SlidersHorizontal size={14} aria-hidden="true" />}
            title={t('nodeLevel')}
            disabledReason={live ? undefined : t('notLive')}
          >
            {t('nodeLevelIs', { level: t(shown) })}
          </Button>
        }
        entries={logLevels.map((value) => ({
          label: t(value),
          checked: value === shown,
          onSelect: () => change.mutate({ level: value }),
        }))}
      />
    </>
  )
}

function LogNotices({ log }: { readonly log: Log }) {
  const { t } = useTranslation('activity')
  const { facts, tailFailure, buffer, failure } = log
  return (
    <>
      {facts?.rate.guarded && (
        <Banner tone="warn">{t('guarded', { rate: formatNumber(facts.rate.perSecond), level: t(facts.level) })}</Banner>
      )}
      {failure !== undefined && buffer.lines.length > 0 && (
        <Banner
          tone="warn"
          actions={
            <Button kind="link" onClick={log.reload}>
              {t('readAgain')}
            </Button>
          }
        >
          {t('pageFailed', { reason: failure.message })}
        </Banner>
      )}
      {tailFailure !== undefined && <Banner tone="warn">{t('tailBroken', { reason: tailFailure.message })}</Banner>}
      {!buffer.following && buffer.lost > 0 && (
        <Banner
          tone="warn"
          actions={
            <Button kind="link" onClick={log.follow}>
              {t('reload')}
            </Button>
          }
        >
          {t('linesLost', { count: buffer.lost, number: formatCount(buffer.lost) })}
        </Banner>
      )}
    </>
  )
}

interface BodyProps {
  readonly log: Log
  readonly choice: FilterChoice
  readonly chosen: number | undefined
  readonly onChoose: (sequence: number | undefined) => void
  readonly onClear: () => void
}

function LogBody({ log, choice, chosen, onChoose, onClear }: BodyProps) {
  const { t } = useTranslation('activity')
  const { live } = useNode()
  const { buffer, loading, failure, reload } = log
  if (buffer.lines.length > 0) {
    return <LogList log={log} text={choice.text} filtered={isFiltered(choice)} chosen={chosen} onChoose={onChoose} />
  }
  if (failure !== undefined) return <Failed title={t('logFailed')} failure={failure} onRetry={reload} />
  if (loading && !live) return <Empty title={t('logAway')} text={t('awayText')} />
  if (loading) return <Loading rows={12} text={t('logLoading')} />
  if (!isFiltered(choice)) return <Empty title={t('logEmpty')} text={t('logEmptyText')} />
  return (
    <Empty title={t('logFiltered')} text={t('logFilteredText')} actions={<Button onClick={onClear}>{t('clearFilter')}</Button>} />
  )
}

function LogFooter({ log }: { readonly log: Log }) {
  const { t } = useTranslation('activity')
  const { live } = useNode()
  const { lines } = log.buffer
  const loaded = t('loaded', { count: lines.length, number: formatCount(lines.length) })
  if (live) return <footer className={css.footer}>{reachText(log, loaded, t)}</footer>
  return <footer className={css.footer}>{lines.length === 0 ? t('notLive') : t('loadedStale', { loaded })}</footer>
}

/** What else there is only a page tells. */
function reachText({ buffer: { more, trimmed }, loading, failure }: Log, loaded: string, t: TFunction<'activity'>): string {
  if (loading || failure !== undefined) return loaded
  if (!more) return t('loadedAll', { loaded })
  return trimmed ? t('trimmed', { loaded }) : t('loadedPart', { loaded })
}
