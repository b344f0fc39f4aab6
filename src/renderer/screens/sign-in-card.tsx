import { KeyRound } from 'lucide-react'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDrafts } from '../app/drafts.ts'
import type { SignedOutReason } from '../connection/connection-store.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/text-field.tsx'
import css from './screen.module.css'
import { ScreenCard } from './screen-card.tsx'

interface SignInCardProps {
  readonly reason: SignedOutReason
  /** With the link as it was pasted; false where it was refused. */
  readonly onSignIn: (link: string) => Promise<boolean>
}

const titles = {
  none: 'signInNone',
  refused: 'signInNone',
  ended: 'signInEnded',
  restarted: 'signInEnded',
  leaving: 'signingOut',
  left: 'signedOut',
} as const

/** There is no session, or no longer: how to get a link, and a place to paste it. */
export function SignInCard({ reason, onSignIn }: SignInCardProps): ReactElement {
  const { t } = useTranslation('shell')
  const unsaved = useDrafts(({ drafts }) => Object.keys(drafts).length)
  const [link, setLink] = useState('')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = (): void => {
    if (!link.includes('#token=')) {
      setError(t('signInWrong'))
      return
    }
    setBusy(true)
    onSignIn(link)
      .then((held) => setError(held ? undefined : t('signInRefused')))
      .catch(() => setError(t('browserUnreachable')))
      .finally(() => setBusy(false))
  }
  return (
    <ScreenCard icon={<KeyRound size={20} aria-hidden="true" />} tone="info" title={t(titles[reason])}>
      {reason === 'refused' && error === undefined && <p className={css.warn}>{t('signInRefused')}</p>}
      {reason === 'leaving' && <p>{t('signingOutText')}</p>}
      {reason === 'restarted' && <p>{t('signInRestarted')}</p>}
      {unsaved > 0 && <p>{t('signInUnsaved')}</p>}
      <p>{t('consoleHint')}</p>
      <div className={css.command}>
        <code>{t('consoleCommand')}</code>
      </div>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <TextField label={t('signInField')} help={t('signInFieldHelp')} error={error} value={link} onChange={setLink} mono />
        <Button kind="primary" submit busy={busy}>
          {t('signIn')}
        </Button>
      </form>
    </ScreenCard>
  )
}
