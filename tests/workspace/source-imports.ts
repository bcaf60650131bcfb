import ts from 'typescript'

/** One import of a source file: `static` runs with the module, `lazy` is an `import()`, `type` is erased. */
export interface SourceImport {
  readonly file: string
  readonly specifier: string
  readonly kind: 'static' | 'lazy' | 'type'
}

/** What an `import()` names whose argument is not a plain string. */
export const COMPUTED = '(computed)'

/** Every import and re-export in `text`, in order. */
export function importsOf(file: string, text: string): SourceImport[] {
  const found: SourceImport[] = []

  function add(specifier: ts.Node | undefined, kind: SourceImport['kind']) {
    if (specifier === undefined) return
    found.push({ file, specifier: ts.isStringLiteralLike(specifier) ? specifier.text : COMPUTED, kind })
  }

  function visit(node: ts.Node) {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.isTypeOnly ? 'type' : 'static')
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static')
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument, 'type')
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'lazy')
    }
    ts.forEachChild(node, visit)
  }

  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ESNext))
  return found
}

/** The package that a bare specifier names: `@scope/name/sub` is `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
