// Finds what people read in the sources of the page: words in the markup, and what looks like prose in code.

import { parse } from "svelte/compiler";
import ts from "typescript";

/** Attributes that are shown, or read out: each word in them is read. */
const READ = new Set(["title", "aria-label", "aria-description", "placeholder", "alt", "label"]);
/** Attributes whose blanks part words that no person reads. */
const MACHINES = new Set(["class", "rel", "accept", "viewBox", "style", "pattern", "d"]);
const WORD = /\p{L}{2,}/u;
/** Two words, one as headings write it, or one that is glued to a value; keys, paths and types look otherwise. */
const PROSE = /\p{L}\p{P}? \p{L}|^\p{Lu}\p{Ll}+[.:!?…]?$|^ \p{L}{2,}|\p{L}{2,} $/u;

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

/** The words in a component or a module. */
export function proseIn(file: string, source: string): string[] {
  return file.endsWith(".svelte") ? inComponent(source) : inCode(source);
}

function inComponent(source: string): string[] {
  const { fragment, instance, module } = parse(source, { modern: true });
  const code = [instance, module].flatMap((script) => (script ? inCode(textOf(script.content, source)) : []));
  return [...code, ...inMarkup(fragment as unknown as Node, source)];
}

function inMarkup(node: Node, source: string): string[] {
  if (node.type === "Text") return WORD.test(String(node.data)) ? [String(node.data).trim()] : [];
  if (node.type === "StyleDirective" || node.type === "Comment") return [];
  if (node.type === "Attribute") return inAttribute(node, source);
  // Blocks have nodes of markup; all else below them is code.
  return children(node).flatMap((child) =>
    isMarkup(child) ? inMarkup(child, source) : inCode(`(${textOf(child, source)})`),
  );
}

function inAttribute({ name, value }: Node, source: string): string[] {
  const parts = (Array.isArray(value) ? value : [value]) as (Node | true)[];
  const looksRead = READ.has(String(name)) ? WORD : PROSE;
  return parts.flatMap((part) => {
    if (part === true || MACHINES.has(String(name))) return [];
    if (part.type !== "Text") return inMarkup(part, source);
    return looksRead.test(String(part.data)) ? [String(part.data)] : [];
  });
}

function isMarkup({ type }: Node): boolean {
  return /^[A-Z]/.test(type) && !/(Expression|Literal|Identifier|Element|Pattern|Property|Declaration)$/.test(type)
    ? true
    : /(Element|Fragment|Tag|Block|Attribute|Directive|Component|Text)$/.test(type);
}

function children(node: Node): Node[] {
  return Object.entries(node)
    .filter(([name]) => name !== "metadata" && name !== "parent")
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Node => typeof value === "object" && value !== null && "type" in value);
}

function textOf(node: object, source: string): string {
  const { start, end } = node as Node;
  return source.slice(start, end);
}

function inCode(source: string): string[] {
  const found: string[] = [];
  const walk = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (PROSE.test(node.text)) found.push(node.text);
    }
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile("code.ts", source, ts.ScriptTarget.Latest, true));
  return found;
}
