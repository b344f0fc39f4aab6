import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/button.tsx'
import { formatCount } from '../../../ui/format.ts'
import type { KeySearch, SearchSnapshot } from './key-search.ts'
import { totalsOf } from './key-tree.ts'
import css from './list-footer.module.css'
import type { TreeLoader } from './tree-loader.ts'

/** Says how much was loaded, and whether that is all: a list that is cut short never looks complete. */
export function TreeFooter({ tree, live }: { readonly tree: TreeLoader; readonly live: boolean }): ReactElement {
  const { t } = useTranslation('keys')
  const { loaded, partial, failed, loading, closed } = totalsOf(tree.root)
  const all = tree.loadingAll
  const reason = !live
    ? t('partialAway')
    : failed > 0
      ? t('partialFailed', { count: failed })
      : loading > 0
        ? t('partialLoading')
        : partial > 0
          ? t('partialMore', { count: partial })
          : closed > 0
            ? t('completeClosed', { count: closed, number: formatCount(closed) })
            : t('complete')
  return (
    <div className={css.footer} role="status">
      <span>{t('loadedKeys', { count: loaded, number: formatCount(loaded) })}</span>
      {all === undefined ? (
        <span className={failed > 0 || !live ? css.warn : undefined}>{reason}</span>
      ) : (
        <Button kind="link" onClick={() => tree.stopAll()}>
          {t('stopLoading')}
        </Button>
      )}
    </div>
  )
}

export function SearchFooter({ search, state }: { readonly search: KeySearch; readonly state: SearchSnapshot }): ReactElement {
  const { t } = useTranslation('keys')
  const scanned = formatCount(state.scanned)
  const reason = {
    running: t('searchRunning', { scanned }),
    complete: t('searchComplete', { scanned }),
    stopped: t('searchStopped', { scanned }),
    limit: t('searchLimit', { scanned }),
    failed: t('searchFailed', { reason: state.failure?.message ?? '' }),
  }[state.state]
  return (
    <div className={css.footer} role="status">
      <span>{t('foundKeys', { count: state.found, number: formatCount(state.found) })}</span>
      <span className={state.state === 'failed' ? css.warn : css.reason} title={reason}>
        {reason}
      </span>
      {state.state === 'running' && (
        <Button kind="link" onClick={() => search.stop()}>
          {t('stop')}
        </Button>
      )}
      {(state.state === 'stopped' || state.state === 'failed') && (
        <Button kind="link" onClick={() => void search.run()}>
          {t('goOn')}
        </Button>
      )}
    </div>
  )
}
