/** Members that a runtime asks of any object. */
const asked = new Set<string>([
  'then',
  'toJSON',
  'constructor',
  'inspect',
  'asymmetricMatch',
  'nodeType',
  '$$typeof',
  'default',
  '__esModule',
])

/**
 * The object, but for members that it lacks: those throw, because code that was proved without them would behave otherwise in the
 * real Electron.
 */
export function strictObject<Value extends object>(name: string, members: Value): Value {
  return new Proxy(members, {
    get(target, property) {
      if (typeof property === 'string' && !(property in target) && !asked.has(property)) {
        throw new Error(`the harness has no ${name}.${property}: add it to test/harness before the app uses it`)
      }
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' && !isClass(value) ? value.bind(target) : value
    },
    set(target, property, value) {
      if (!(property in target)) throw new Error(`the harness has no ${name}.${String(property)} to set`)
      return Reflect.set(target, property, value, target)
    },
  })
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value))
}
