/** What an attacker, or a customer's data, may hold. */
export const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  nothing: '',
  'a quote': "'",
  quotes: `''"" '"' \`\`\``,
  'an end and a statement': `'; DROP TABLE sys_users; --`,
  'the same in double quotes': `"; DROP TABLE sys_users; --`,
  'the same in back-quotes': '`; DROP TABLE sys_users; --',
  'a backslash': '\\',
  'backslashes before a quote': `\\\\\\'`,
  'an escape at the end': `x\\`,
  'a quote and an escape at the end': `x'\\`,
  'an escaped letter': '\\n\\0\\Z\\%\\_',
  NUL: 'a\0b\0',
  'line ends': 'a\nb\r\nc\rd\u2028e\u2029f\u0085',
  'every control character': `${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')}\u007f`,
  'comment marks': `/* a */ -- b # c /*+ SET_VAR(x=1) */ /*! d */ */`,
  'emoji and rare characters': '👩‍👩‍👧‍👦 𠮷 \ufeff\u202eé e\u0301',
  wildcards: '%_\\%\\_',
  placeholders: '? ?? :a @b ${c} $1',
  'a number': '1',
  'no value': 'NULL',
  'a text that ends a list': `a') OR ('1'='1`,
  'letters that change length in capitals': 'ß ŉ ǰ ΐ ﬁ İ ı',
  'trailing blanks': 'a  ',
};

/** A million characters, each of which has to be escaped. */
export const LONG_HOSTILE_TEXT = `'\\"\n`.repeat(250_000);
