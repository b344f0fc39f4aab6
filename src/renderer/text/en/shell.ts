export const shell = {
  overview: 'Overview',
  keys: 'Keys',
  activity: 'Activity',
  connect: 'Connect',
  settings: 'Settings',
  help: 'Help',
} as const
