import { dirname } from 'node:path'
import ts from 'typescript'
import type { Manifest } from '../../scripts/workspace.mjs'

/** Every way in which a package's built files differ from its exports and sources, a sentence each; paths relative to the package. */
export function builtFileProblems(
  manifest: Manifest,
  built: readonly string[],
  sources: readonly string[],
): string[] {
  const targets = [...Object.values(manifest.exports ?? {}), ...Object.values(manifest.bin ?? {})]
    .flatMap(target => (typeof target === 'string' ? [target] : Object.values(target)))
    .map(target => target.replace(/^\.\//, ''))
  const expected = sources
    .filter(source => source.endsWith('.ts') && !source.endsWith('.d.ts'))
    .map(source => source.replace(/^src\//, 'dist/').replace(/\.ts$/, ''))
    .flatMap(stem => ['.js', '.js.map', '.d.ts', '.d.ts.map'].map(end => `${stem}${end}`))
  return [
    ...targets
      .filter(target => target.startsWith('dist/') && !built.includes(target))
      .map(target => `${target} is exported and not built`),
    ...expected.filter(file => !built.includes(file)).map(file => `${file} is missing: run npm run build`),
    ...built
      .filter(file => !file.endsWith('.tsbuildinfo') && !expected.includes(file))
      .map(file => `${file} has no source: run npm run build`),
  ]
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
}

/** Parses each file once: the declarations of Node and of the language are the same for every package. */
const host = ts.createCompilerHost(OPTIONS)
const parsed = new Map<string, ts.SourceFile | undefined>()
const parse = host.getSourceFile
host.getSourceFile = (file, ...rest) => {
  if (!parsed.has(file)) parsed.set(file, parse(file, ...rest))
  return parsed.get(file)
}

/**
 * What a consumer's compiler says about a declaration file on its own and about all that it leans on, third
 * parties' declarations included; also which `@types` packages it needs that the dependencies do not bring.
 */
export function declarationProblems(file: string, dependencies: readonly string[]): string[] {
  const program = ts.createProgram([file], OPTIONS, host)
  const leanedOn = program.getSourceFiles().filter(({ fileName }) => !isGiven(fileName))
  const complaints = [
    ...program.getOptionsDiagnostics(),
    ...leanedOn.flatMap(source => [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]),
  ].map(({ file: where, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ')
    return where === undefined ? text : `${where.fileName}: ${text}`
  })
  const types = leanedOn
    .filter(
      ({ fileName }) => fileName.startsWith(`${dirname(file)}/`) && !fileName.includes('/node_modules/'),
    )
    .flatMap(typePackages)
    .filter(name => name !== '@types/node' && !dependencies.includes(name))
  return [
    ...complaints,
    ...[...new Set(types)].map(name => `${name} must be among the dependencies: the declarations need it`),
  ]
}

/** The `@types` packages that a file's imports lead to. */
function typePackages(source: ts.SourceFile): string[] {
  return ts.preProcessFile(source.text).importedFiles.flatMap(({ fileName }) => {
    const { resolvedModule } = ts.resolveModuleName(
      ...([fileName, source.fileName, OPTIONS, host, undefined, undefined, ts.ModuleKind.ESNext] as const),
    )
    const name = resolvedModule?.packageId?.name
    return name?.startsWith('@types/') ? [name] : []
  })
}

/** The declarations that every consumer has, and that are not ours to check. */
function isGiven(file: string): boolean {
  return /\/node_modules\/(?:typescript\/lib|@types\/node|undici-types)\//.test(file)
}
