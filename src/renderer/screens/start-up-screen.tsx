import { Check, Circle, CircleAlert, Hexagon, LoaderCircle, TriangleAlert } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeRun, StartPhase } from '../../ipc/contract/host-contract.ts'
import { screenLimits } from '../app/screen-limits.ts'
import { formatMs } from '../ui/format.ts'
import { LogTail } from './log-tail.tsx'
import css from './screen.module.css'
import { ScreenCard } from './screen-card.tsx'

type Phase = NodeRun['phases'][number]

const phaseTexts = {
  lock: 'phaseLock',
  store: 'phaseStore',
  identity: 'phaseIdentity',
  ports: 'phasePorts',
  ready: 'phaseReady',
} as const satisfies Record<StartPhase, string>

const stateTexts = {
  waiting: 'phaseWaiting',
  running: 'phaseRunning',
  done: 'phaseDone',
  slow: 'phaseSlow',
  failed: 'phaseFailed',
} as const satisfies Record<Phase['state'], string>

const icons = { waiting: Circle, running: LoaderCircle, done: Check, slow: TriangleAlert, failed: CircleAlert }
const tones = { waiting: css.waiting, running: css.info, done: css.ok, slow: css.warn, failed: css.danger }

interface StartUpScreenProps {
  readonly run: NodeRun
  /** Fixed where a picture of a moment is wanted. */
  readonly nowMs?: number
}

/** The phases of a start by name; what is slow says for how long, and shows the log. */
export function StartUpScreen({ run, nowMs }: StartUpScreenProps): ReactElement {
  const { t } = useTranslation('shell')
  const now = useNow(nowMs)
  const present = run.phases.find((phase) => phase.state === 'running' || phase.state === 'slow')
  const elapsedMs = present?.startedMs === undefined ? 0 : now - present.startedMs
  const slow = present !== undefined && (present.state === 'slow' || elapsedMs > screenLimits.slowStartMs)
  return (
    <ScreenCard icon={<Hexagon size={20} aria-hidden="true" />} tone="info" title={t('startingTitle')}>
      <ol className={css.phases}>
        {run.phases.map((phase) => (
          <PhaseLine key={phase.name} phase={phase} elapsedMs={phase === present ? elapsedMs : undefined} />
        ))}
      </ol>
      {slow && (
        <p role="status">
          {t('startSlow', {
            phase: t(phaseTexts[present.name]),
            seconds: Math.round(elapsedMs / 1000),
            budget: Math.round(present.budgetMs / 1000),
          })}
        </p>
      )}
      {slow && <LogTail lines={run.logTail} />}
    </ScreenCard>
  )
}

function PhaseLine({ phase, elapsedMs }: { readonly phase: Phase; readonly elapsedMs: number | undefined }) {
  const { t } = useTranslation('shell')
  const Icon = icons[phase.state]
  return (
    <li className={css.phase}>
      <Icon size={16} className={tones[phase.state]} aria-hidden="true" />
      <span className={css.name}>{t(phaseTexts[phase.name])}</span>
      <span className={css.muted}>
        {t(stateTexts[phase.state])}
        {elapsedMs !== undefined && elapsedMs > 1000 && ` · ${formatMs(Math.round(elapsedMs / 1000) * 1000)}`}
      </span>
    </li>
  )
}

function useNow(fixedMs: number | undefined): number {
  const [now, setNow] = useState(() => fixedMs ?? Date.now())
  useEffect(() => {
    if (fixedMs !== undefined) return
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [fixedMs])
  return now
}
