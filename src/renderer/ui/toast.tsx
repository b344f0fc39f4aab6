import { Toast as Base } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useLayoutEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import button from './button.module.css'
import { Button } from './button.tsx'
import css from './toast.module.css'

const undoTimeoutMs = 10_000
const plainTimeoutMs = 4_000
const toastsMax = 3

export interface ToastContent {
  readonly title: string
  readonly description?: string
  /** Offers to take back what was done, for ten seconds. */
  readonly undo?: () => void
}

interface ToastData {
  readonly undo: () => void
}

/** For success, undo and work in the background; what failed is said where it failed. */
export function useToast(): (content: ToastContent) => void {
  const { add, close } = Base.useToastManager<ToastData>()
  const { t } = useTranslation('ui')
  return useMemo(
    () =>
      ({ title, description, undo }) => {
        const id = add({
          title,
          ...(description !== undefined && { description }),
          timeout: undo === undefined ? plainTimeoutMs : undoTimeoutMs,
          ...(undo !== undefined && { data: { undo: takeBack }, actionProps: { children: t('undo'), onClick: takeBack } }),
        })
        function takeBack(): void {
          close(id)
          undo?.()
        }
      },
    [add, close, t],
  )
}

/** Takes back what the newest toast that is open offers to; undefined where there is none. */
export function useOpenUndo(): (() => void) | undefined {
  const { toasts } = Base.useToastManager<ToastData>()
  return toasts.find((toast) => toast.transitionStatus !== 'ending' && toast.data !== undefined)?.data?.undo
}

interface ToastProviderProps {
  /** The keys that undo by `useOpenUndo`, as the registry of shortcuts writes them. */
  readonly undoKeys?: string | undefined
  readonly children: ReactNode
}

export function ToastProvider({ undoKeys, children }: ToastProviderProps): ReactElement {
  return (
    <Base.Provider limit={toastsMax}>
      {children}
      <Base.Portal>
        <Notices undoKeys={undoKeys} />
      </Base.Portal>
    </Base.Provider>
  )
}

/** A part of the window while it holds something; the library moves the focus there by F6. */
function Notices({ undoKeys }: Pick<ToastProviderProps, 'undoKeys'>) {
  const { t } = useTranslation('ui')
  const { toasts } = Base.useToastManager()
  const viewport = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const { current } = viewport
    if (current === null) return
    const observer = new ResizeObserver(() => tellHeight(current.offsetHeight))
    observer.observe(current)
    return () => {
      observer.disconnect()
      tellHeight(0)
    }
  }, [])
  return (
    <Base.Viewport
      ref={viewport}
      className={css.viewport}
      aria-label={t('notices')}
      data-pane={toasts.some((toast) => toast.transitionStatus !== 'ending') ? 'notices' : undefined}
    >
      <Toasts undoKeys={undoKeys} />
    </Base.Viewport>
  )
}

/** For whom makes room: the library places the notices outside of everything else. */
function tellHeight(height: number): void {
  document.documentElement.style.setProperty('--notices', `${height}px`)
}

function Toasts({ undoKeys }: Pick<ToastProviderProps, 'undoKeys'>) {
  const { toasts } = Base.useToastManager()
  const { t } = useTranslation('ui')
  return toasts.map((toast) => (
    <Base.Root key={toast.id} toast={toast} className={css.toast}>
      <Base.Content className={css.content}>
        <div className={css.text}>
          <Base.Title className={css.title} />
          <Base.Description className={css.description} />
        </div>
        {toast.actionProps !== undefined && (
          <Base.Action render={<Button {...(undoKeys !== undefined && { shortcut: undoKeys })} />} />
        )}
        <Base.Close className={`${button.button} ${button.quiet} ${button.iconOnly}`} aria-label={t('close')}>
          <X size={14} aria-hidden="true" />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ))
}
