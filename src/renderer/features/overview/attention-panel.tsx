import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { NodeStatus } from '../../../ipc/contract/status-schemas.ts'
import { useHost, useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { ToneIcon } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { useCopy } from '../../ui/use-copy.ts'
import { ActionProblem } from './action-problem.tsx'
import type { AttentionAction, AttentionCard } from './attention.ts'
import { attentionCards } from './attention.ts'
import css from './overview.module.css'
import { useHostAction } from './use-host-action.ts'
import { useIgnored } from './use-ignored.ts'

export function AttentionPanel({ status }: { readonly status: NodeStatus }): ReactElement {
  const { t } = useTranslation('overview')
  const { queries } = useNode()
  const { capabilities } = useHost()
  useNodeEvents(['settings'])
  // Cards about what could not be read are left out; the pages of Connect and Settings say why it could not.
  const grpc = useQuery(queries.grpc.info.queryOptions()).data
  // A file that was changed by hand sends no event.
  const settings = useQuery({ ...queries.settings.get.queryOptions(), refetchOnMount: 'always' }).data
  const { ignored, ignore } = useIgnored()
  const { supervises, showsFiles } = capabilities
  const all = attentionCards({ status, grpc, settings, supervises, showsFiles }, t)
  const cards = all.filter((card) => !card.ignorable || !ignored.includes(card.id))
  return (
    <Card title={t('attention')}>
      {cards.length === 0 ? (
        <div className={css.nothing}>
          <CircleCheck size={16} aria-hidden="true" />
          <div>
            <p>{t('nothing')}</p>
            <p className={css.facts}>{t('nothingText')}</p>
          </div>
        </div>
      ) : (
        <ul className={css.cards}>
          {cards.map((card) => (
            <AttentionItem key={card.id} card={card} onIgnore={() => ignore(card.id)} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function AttentionItem({ card, onIgnore }: { readonly card: AttentionCard; readonly onIgnore: () => void }) {
  const { t } = useTranslation('overview')
  return (
    <li className={css.item}>
      <span className={css.itemIcon} data-tone={card.tone}>
        <ToneIcon tone={card.tone} />
      </span>
      <div className={css.itemText}>
        <h3>{card.title}</h3>
        <p className={css.facts}>{card.text}</p>
      </div>
      <div className={css.itemActions}>
        {card.ignorable && (
          <Button kind="quiet" onClick={onIgnore} aria-label={`${t('ignore')}: ${card.title}`}>
            {t('ignore')}
          </Button>
        )}
        {card.action !== undefined && (
          <ActionButton action={card.action} primary={card.tone === 'danger'} readOnly={card.id === 'read-only'} />
        )}
      </div>
    </li>
  )
}

interface ActionProps {
  readonly action: AttentionAction
  readonly primary: boolean
  readonly readOnly: boolean
}

function ActionButton({ action, primary, readOnly }: ActionProps) {
  const { t } = useTranslation('overview')
  const navigate = useNavigate()
  const { client } = useHost()
  const { run, busy, problem } = useHostAction()
  const { copied, copy } = useCopy()
  const kind = primary ? 'primary' : 'default'
  switch (action.kind) {
    case 'copy':
      return (
        <Button kind={kind} onClick={() => copy(action.text)} title={action.text}>
          {copied ? t('copied') : t('copyCommand')}
        </Button>
      )
    case 'settings':
      return (
        <Button kind={kind} onClick={() => void navigate({ to: '/settings', search: { find: action.search } })}>
          {readOnly ? t('allowChanges') : t('openSettings')}
        </Button>
      )
    case 'keys':
      return (
        <Button kind={kind} onClick={() => void navigate({ to: '/keys' })}>
          {t('openKeys')}
        </Button>
      )
    case 'log':
      return (
        <Button kind={kind} onClick={() => void navigate({ to: '/activity', search: { tab: 'logs' } })}>
          {t('showLog')}
        </Button>
      )
    case 'folder':
      return (
        <>
          <ActionProblem problem={problem} />
          <Button kind={kind} busy={busy} onClick={() => run(() => client.files.show({ what: 'data' }))}>
            {t('showFolder')}
          </Button>
        </>
      )
    case 'restart':
      return (
        <>
          <ActionProblem problem={problem} />
          <Button kind={kind} busy={busy} onClick={() => run(() => client.node.restart())}>
            {t('restartNode')}
          </Button>
        </>
      )
  }
}
