import { ChevronRight } from 'lucide-react'
import type { ReactElement } from 'react'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/button.tsx'
import { KeyText } from '../key-text.tsx'
import { useKeyCommands } from '../use-key-commands.ts'
import css from './crumbs.module.css'

/** The folders that lead to a prefix; each shows itself. */
export function Crumbs({ prefix, delimiter }: { readonly prefix: string; readonly delimiter: string }): ReactElement | null {
  const { t } = useTranslation('keys')
  const { show } = useKeyCommands()
  if (prefix === '') return null
  const crumbs = crumbsOf(prefix, delimiter)
  return (
    <nav className={css.crumbs} aria-label={t('crumbsLabel')}>
      <Button kind="link" onClick={() => show('')}>
        {t('allKeys')}
      </Button>
      {crumbs.map(({ label, target }) => (
        <Fragment key={target}>
          <ChevronRight size={12} aria-hidden="true" />
          {target === prefix ? (
            <KeyText text={label} className={css.last} />
          ) : (
            <Button kind="link" onClick={() => show(target)}>
              <KeyText text={label} />
            </Button>
          )}
        </Fragment>
      ))}
    </nav>
  )
}

const crumbsMax = 8

function crumbsOf(prefix: string, delimiter: string): { readonly label: string; readonly target: string }[] {
  const crumbs: { label: string; target: string }[] = []
  for (let from = 0; from < prefix.length; ) {
    const at = delimiter === '' ? -1 : prefix.indexOf(delimiter, from)
    const to = at < 0 ? prefix.length : at + delimiter.length
    crumbs.push({ label: prefix.slice(from, to), target: prefix.slice(0, to) })
    from = to
  }
  return crumbs.slice(-crumbsMax)
}
