import type { RefObject } from 'react'
import { useLayoutEffect, useState } from 'react'

/** Width of an element in pixels; undefined before the first look and where nothing is laid out. */
export function useWidth(element: RefObject<HTMLElement | null>): number | undefined {
  const [width, setWidth] = useState<number>()
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    const look = () => setWidth(current.clientWidth > 0 ? current.clientWidth : undefined)
    look()
    const observer = new ResizeObserver(look)
    observer.observe(current)
    return () => observer.disconnect()
  }, [element])
  return width
}
