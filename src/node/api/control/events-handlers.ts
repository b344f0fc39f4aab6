import { controlBase } from './control-base.ts'
import type { EventHub } from './event-hub.ts'

export interface EventsParts {
  readonly events: EventHub
}

export function eventsHandlers({ events }: EventsParts) {
  return {
    watch: controlBase.events.watch.handler(({ input, context }) => events.watch(input, context.call.signal)),
  }
}
