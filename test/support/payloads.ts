// Texts that would run if a page took them for markup. Each asks for `alert`; those with elements mark them, so that an element that appears is seen
// even where nothing ran.

/** The attribute that every planted element carries. */
export const PLANTED = 'data-planted'

/** At most 80 characters: they fit into a name. */
export const SHORT_PAYLOADS: readonly string[] = [
  `<script data-planted>alert('name 1')</script>`,
  `"><img data-planted src=x onerror=alert('name2')>`,
  `'-alert('name3')-'</title><b data-planted>`,
  `{{constructor.constructor('alert(4)')()}}<i data-planted>`,
]

export const PAYLOADS: readonly string[] = [
  `<script data-planted>alert(1)</script>`,
  `"><img data-planted src=x onerror="alert(2)">`,
  `'><svg data-planted onload='alert(3)'>`,
  `</textarea></title></style></script><img data-planted src=x onerror=alert(4)>`,
  `<a data-planted href="javascript:alert(5)">click</a>`,
  `<iframe data-planted srcdoc="<script>parent.alert(6)</script>"></iframe>`,
  `javascript:/*--></title></style></textarea></script><svg/data-planted/onload='+/"/+/onmouseover=1/+/[*/[]/+alert(7)//'>`,
  `<math data-planted><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(8)&gt;">`,
  `<details data-planted open ontoggle=alert(9)>`,
  `<form data-planted><button formaction=javascript:alert(10) autofocus>x</button></form>`,
  `&lt;script data-planted&gt;alert(11)&lt;/script&gt;&#60;img data-planted src=x onerror=alert(11)&#62;`,
  '${alert(12)}#{alert(12)}<%= alert(12) %>{{alert(12)}}',
  `<noscript data-planted><p title="</noscript><img src=x onerror=alert(13)>">`,
  `<meta data-planted http-equiv="refresh" content="0;url=javascript:alert(14)"><base data-planted href="//evil.localhost">`,
  `\\u003cscript data-planted\\u003ealert(15)\\u003c/script\\u003e\\x3cimg src=x onerror=alert(15)\\x3e`,
]
