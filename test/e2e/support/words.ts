import { createTexts } from '../../../src/renderer/text/i18n.ts'

const texts = createTexts()

/** What the screens say, by the names of their catalogue: specs find things as people do, and survive a better wording. */
export const say = {
  activity: texts.getFixedT('en', 'activity'),
  cluster: texts.getFixedT('en', 'cluster'),
  connect: texts.getFixedT('en', 'connect'),
  keys: texts.getFixedT('en', 'keys'),
  overview: texts.getFixedT('en', 'overview'),
  settings: texts.getFixedT('en', 'settings'),
  shell: texts.getFixedT('en', 'shell'),
  shortcuts: texts.getFixedT('en', 'shortcuts'),
  ui: texts.getFixedT('en', 'ui'),
} as const
