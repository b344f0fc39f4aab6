import { controlBase } from './control-base.ts'
import type { JobKeeper } from './jobs/job-keeper.ts'

export interface JobsParts {
  readonly jobs: JobKeeper
}

export function jobsHandlers({ jobs: keeper }: JobsParts) {
  const { jobs } = controlBase
  return {
    list: jobs.list.handler(() => keeper.list()),
    create: jobs.create.handler(({ input }) => keeper.create(input)),
    export: jobs.export.handler(({ input }) => keeper.create({ kind: 'export', prefix: input.prefix })),
    feed: jobs.feed.handler(({ input, context }) => keeper.feed(input.id, input, context.call.signal)),
    finish: jobs.finish.handler(({ input, context }) => keeper.finish(input.id, context.call.signal)),
    take: jobs.take.handler(({ input, context }) => keeper.take(input.id, context.call.signal)),
    cancel: jobs.cancel.handler(({ input }) => keeper.cancel(input.id)),
    dismiss: jobs.dismiss.handler(({ input }) => {
      keeper.dismiss(input.id)
      return null
    }),
  }
}
