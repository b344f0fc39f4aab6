import { useNavigate } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ChevronDown, TextSearch } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import { useShortcut } from '../../../shortcuts/use-shortcut.tsx'
import { Button } from '../../../ui/button.tsx'
import { IconButton } from '../../../ui/icon-button.tsx'
import { KeyCaps } from '../../../ui/key-caps.tsx'
import type { MenuEntry } from '../../../ui/menu.tsx'
import { Menu } from '../../../ui/menu.tsx'
import { TextField } from '../../../ui/text-field.tsx'
import { keysLimits } from '../keys-limits.ts'
import { changeMemory, useMemory } from '../use-memory.ts'
import css from './path-bar.module.css'

export type ListMode = 'prefix' | 'contains'

interface PathBarProps {
  readonly prefix: string
  readonly mode: ListMode
  readonly onMode: (mode: ListMode) => void
  /** Looks for keys that contain the text; for none where it is empty. */
  readonly onSearch: (text: string) => void
  /** Goes to the list, as soon as it shows this prefix; undefined: what is found. */
  readonly onList: (prefix: string | undefined) => void
}

const delimiters = ['/', ':', '.', '|', '-'] as const

/** Says which prefix is shown, takes another one, and looks for keys that contain a text. */
export function PathBar({ prefix, mode, onMode, onSearch, onList }: PathBarProps): ReactElement {
  const { t } = useTranslation('keys')
  const input = useRef<HTMLInputElement>(null)
  const [focused, setFocused] = useState(false)
  const searching = mode === 'contains'
  const { text, type, apply, search, reset, visited } = useFilterText(prefix, searching ? onSearch : undefined)
  useShortcut('filter.focus', () => input.current?.focus())
  useShortcut('keys.filter', () => input.current?.focus())
  return (
    <div className={css.bar}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault()
          apply(text)
        }}
      >
        <TextField
          ref={input}
          label={searching ? t('searchLabel') : t('prefixLabel')}
          labelHidden
          mono
          placeholder={searching ? t('searchHint') : t('prefixHint')}
          value={text}
          onChange={type}
          maxLength={searching ? 256 : wireLimits.keyBytesMax}
          onFocus={() => {
            setFocused(true)
            visited()
          }}
          onBlur={() => {
            setFocused(false)
            if (!searching) apply(text)
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') {
              event.preventDefault()
              apply(text)
              onList(searching ? undefined : text)
            }
            if (event.key !== 'Escape') return
            reset()
            if (searching) onMode('prefix')
          }}
          suffix={focused ? undefined : <KeyCaps keys="/" />}
        />
      </form>
      <IconButton
        label={t('containsToggle')}
        icon={<TextSearch size={16} aria-hidden="true" />}
        pressed={searching}
        // Without leaving the field: what was typed is what is looked for.
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => {
          onMode(searching ? 'prefix' : 'contains')
          if (searching) reset()
          else search()
          input.current?.focus()
        }}
      />
      <DelimiterPicker />
    </div>
  )
}

/**
 * What is typed. It applies after a pause, or when told to: as the prefix, or, with `onSearch`, as the text to look for. One visit of
 * the field is one step back in the history, however many pauses it has.
 */
function useFilterText(prefix: string, onSearch: ((text: string) => void) | undefined) {
  const navigate = useNavigate()
  const [text, setText] = useState(prefix)
  const asked = useRef(prefix)
  const sought = useRef<string>(undefined)
  const stepped = useRef(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const searching = onSearch !== undefined
  useEffect(() => {
    // What was asked for from here is on its way while the next letters are typed.
    if (prefix !== asked.current && !searching) setText(prefix)
    asked.current = prefix
  }, [prefix, searching])
  const show = (next: string): void => {
    if (next === asked.current) return
    asked.current = next
    const replace = stepped.current
    stepped.current = true
    void navigate({ to: '/keys', search: (before) => ({ ...before, prefix: next || undefined }), replace })
  }
  const look = (next: string): void => {
    if (next === sought.current) return
    sought.current = next
    onSearch?.(next)
  }
  const apply = (next: string): void => {
    clearTimeout(timer.current)
    if (searching) look(next)
    else show(next)
  }
  const latest = useRef(apply)
  useEffect(() => {
    latest.current = apply
  })
  useEffect(() => {
    sought.current = searching ? '' : undefined
  }, [searching])
  useEffect(() => () => clearTimeout(timer.current), [])
  const type = (next: string): void => {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => latest.current(next), keysLimits.filterPauseMs)
  }
  /** What was taken from the filter makes the place wider at once; what was added to it, or put in its place, is what to look for. */
  const search = (): void => {
    if (text.startsWith(prefix)) {
      type(text === prefix ? '' : text)
      return
    }
    const shorter = prefix.startsWith(text)
    show(shorter ? text : '')
    type(shorter ? '' : text)
  }
  const reset = (): void => {
    clearTimeout(timer.current)
    setText(prefix)
  }
  const visited = (): void => {
    stepped.current = false
  }
  return { text, type, apply, search, reset, visited }
}

function DelimiterPicker(): ReactElement {
  const { t } = useTranslation('keys')
  const { delimiter, flat } = useMemory()
  const [own, setOwn] = useState<string>()
  const choose = (next: string) => changeMemory((memory) => ({ ...memory, delimiter: next, flat: false }))
  const known = delimiters.some((sign) => sign === delimiter) ? delimiters : [...delimiters, delimiter]
  const entries: MenuEntry[] = [
    { kind: 'separator', label: t('delimiterHead') },
    ...known.map((sign) => ({ label: sign, checked: !flat && sign === delimiter, onSelect: () => choose(sign) })),
    { label: t('delimiterOther'), onSelect: () => setOwn('') },
    { kind: 'separator' },
    { label: t('flatList'), checked: flat, onSelect: () => changeMemory((memory) => ({ ...memory, flat: !flat })) },
  ]
  if (own !== undefined) {
    return (
      <form
        className={css.own}
        onSubmit={(event) => {
          event.preventDefault()
          if (own !== '') choose(own)
          setOwn(undefined)
        }}
      >
        <TextField
          label={t('delimiterOwn')}
          labelHidden
          mono
          maxLength={16}
          value={own}
          onChange={setOwn}
          autoFocus
          onBlur={() => setOwn(undefined)}
        />
      </form>
    )
  }
  return (
    <Menu
      align="end"
      entries={entries}
      trigger={
        <Button
          kind="quiet"
          className={clsx(css.delimiter, flat && css.flat)}
          aria-label={t('delimiterNow', { sign: flat ? t('flatList') : delimiter })}
        >
          {flat ? t('flatShort') : delimiter}
          <ChevronDown size={12} aria-hidden="true" />
        </Button>
      }
    />
  )
}
