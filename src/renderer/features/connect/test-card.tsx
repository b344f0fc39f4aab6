import { useMutation } from '@tanstack/react-query'
import { CircleCheck, CircleX } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { GrpcTest } from '../../../ipc/contract/status-schemas.ts'
import { useNode } from '../../connection/connection-provider.tsx'
import { failureOf } from '../../connection/failure.ts'
import { useNodeStatus } from '../../connection/use-node-status.ts'
import { useWriteBlock } from '../../connection/use-write-block.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { formatMs } from '../../ui/format.ts'
import { Failed } from '../../ui/states.tsx'
import css from './connect.module.css'

export function TestCard(): ReactElement {
  const { t } = useTranslation('connect')
  const { queries, live, hello } = useNode()
  const blocked = useWriteBlock()
  const status = useNodeStatus()
  // Only that mode is known to leave programs alone.
  const readOnly = live && (status?.readOnly ?? hello.readOnly)
  const waits = readOnly ? 'testBlocked' : live && status?.cluster.withdrawn ? 'testUseless' : 'testWaits'
  const test = useMutation(queries.grpc.test.mutationOptions())
  return (
    <Card title={t('test')}>
      <div className={css.test}>
        <p className={css.muted}>{t('testText')}</p>
        <Button kind="primary" busy={test.isPending} disabledReason={blocked} onClick={() => test.mutate(undefined)}>
          {test.data === undefined ? t('testRun') : t('testAgain')}
        </Button>
      </div>
      {blocked !== undefined && <p className={css.muted}>{t(waits, { reason: blocked })}</p>}
      <div aria-live="polite">
        {test.error !== null && <Failed title={t('testFailed')} failure={failureOf(test.error)} />}
        {test.data !== undefined && <TestResult result={test.data} />}
      </div>
    </Card>
  )
}

function TestResult({ result }: { readonly result: GrpcTest }) {
  const { t } = useTranslation('connect')
  const names = { connect: t('stepConnect'), put: t('stepPut'), get: t('stepGet'), delete: t('stepDelete') }
  const failed = result.steps.find((step) => !step.ok)
  const totalMs = result.steps.reduce((sum, step) => sum + step.ms, 0)
  return (
    <>
      <p className={result.ok ? css.good : css.bad}>
        {result.ok || failed === undefined
          ? t('testOk', { time: formatMs(totalMs) })
          : t('testNotOk', { step: names[failed.name] })}
      </p>
      <ol className={css.steps} aria-label={t('testResults')}>
        {result.steps.map((step) => (
          <li key={step.name} className={css.step}>
            <span className={step.ok ? css.good : css.bad} role="img" aria-label={step.ok ? t('stepOk') : t('stepNotOk')}>
              {step.ok ? <CircleCheck size={16} aria-hidden="true" /> : <CircleX size={16} aria-hidden="true" />}
            </span>
            <span>{names[step.name]}</span>
            <span className={css.time}>{formatMs(step.ms)}</span>
            {step.text !== '' && <span className={step.ok ? css.stepText : css.stepProblem}>{step.text}</span>}
          </li>
        ))}
      </ol>
    </>
  )
}
