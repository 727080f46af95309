"""Turns clang-14's IR for spir64, one kernel a module, into AIR for macOS 13 and later: AIR 2.5, Metal 3.0, the IR that LLVM 5 reads.

The input is LLVM 14's own print, so lines have one form and a pass over the text is enough. What the pass does not know is refused,
and so is every feature that features() finds and the vendor's compiler does not use in its own kernels for that system
(air-features-macos13.txt).
"""
import re

TRIPLE = "air64-apple-macosx13.0.0"
LAYOUT = ("e-p:64:64:64-i1:8:8-i8:8:8-i16:16:16-i32:32:32-i64:64:64-f32:32:32-f64:64:64-v16:16:16-v24:32:32-v32:32:32-v48:64:64-v64:64:64"
          "-v96:128:128-v128:128:128-v192:256:256-v256:256:256-v512:512:512-v1024:1024:1024-n8:16:32")
BUILT_INS = {"threadgroup_position_in_grid": "uint3", "thread_index_in_threadgroup": "uint", "thread_index_in_simdgroup": "uint",
             "simdgroup_index_in_threadgroup": "uint"}
LIMITS = {"device_buffers": 31, "constant_buffers": 31, "threadgroup_buffers": 31, "textures": 128, "read_write_textures": 8, "samplers": 16}
SHORT = {"float": "f32", "half": "f16"}
NAMED = {"float": "float", "i32": "uint"}
VALUE = r"%[-\w.$]+"
ENUM_ATTRIBUTES = {"convergent", "norecurse", "nounwind", "readnone", "readonly", "writeonly", "argmemonly", "speculatable", "inlinehint"}
PARAMETER_ATTRIBUTES = 'noalias|nocapture|readonly|writeonly|noundef|nonnull|readnone|zeroext|signext|align|dereferenceable|"[^"]+"'
STRING_ATTRIBUTES = {"frame-pointer", "min-legal-vector-width", "no-builtins", "no-trapping-math", "stack-protector-buffer-size"}
CASTS = "zext|sext|trunc|fpext|fptrunc|bitcast|ptrtoint|inttoptr|addrspacecast"
FLAGS = "nuw|nsw|exact|inbounds|fast|nnan|ninf|nsz|arcp|contract|afn|reassoc|volatile|poison|undef"
CONVERGENT, PURE, LOADING, STORING = "8001", "8002", "8003", "8004"  # attribute groups of air.* declarations and calls
GROUPS = {CONVERGENT: "convergent nounwind", PURE: "nounwind readnone", LOADING: "convergent nounwind readonly",
          STORING: "convergent nounwind writeonly"}


def airify(text, kernel, buffers):
    """AIR of a module with one kernel. Buffers are "type access name"; those with access `in` are announced as read only."""
    text = header(text, kernel)
    text = older_dialect(text)
    text = conversions(text)
    text = funnel_shifts(text)
    left = re.search(r"@llvm\.[\w.]+", text)
    if left:  # LLVM 14 gives llvm.* functions attributes that LLVM 5 does not know
        raise ValueError("%s: no form for %s in AIR 2.5" % (kernel, left.group(0)))
    text = attributes(text)
    return renumbered(text + metadata(text, kernel, {b.split()[2] for b in buffers if b.split()[1] == "in"}))


def header(text, kernel):
    text = re.sub(r"(?m)^; .*\n", "", text)
    text = re.sub(r"(?m)^source_filename = .*$", 'source_filename = "%s"' % kernel, text)
    text = re.sub(r"(?m)^target datalayout = .*$", 'target datalayout = "%s"' % LAYOUT, text)
    text = re.sub(r"(?m)^target triple = .*$", 'target triple = "%s"' % TRIPLE, text)
    dropped = {name for names in re.findall(r"(?m)^!(?:llvm\.module\.flags|llvm\.ident|opencl[\w.]+) = !\{(.*)\}$", text) for name in names.split(", ")}
    text = re.sub(r"(?m)^!(?:llvm\.module\.flags|llvm\.ident|opencl[\w.]+) = .*\n", "", text)
    return re.sub(r"(?m)^(!\d+) = .*\n", lambda m: "" if m.group(1) in dropped else m.group(0), text)


def older_dialect(text):
    """Without what came after LLVM 5, and without promises that the vendor's compiler does not make either."""
    text = re.sub(r"\b(?:dso_local|spir_func|noundef|zeroext|signext) ", "", text)
    text = re.sub(r" (?:noundef|zeroext|signext|dereferenceable\(\d+\))(?=[ ,)])", "", text)
    text = re.sub(r", !(?:noalias|alias\.scope|srcloc) !\d+", "", text)
    text = re.sub(r"(addrspace\(2\)\*(?: \w+)*?) align 4(?= )", r"\1", text)
    text = re.sub(r"\* nocapture writeonly (?=%)", "* nocapture ", text)
    text = re.sub(r"\bpoison\b", "undef", text)
    # Threadgroup arrays are extern in C, so that the optimiser assumes nothing of their value.
    text = re.sub(r"(?m)^(@[\w.]+) = external (?:local_unnamed_addr )?addrspace\(3\) global (.*?), align (\d+)$",
                  r"\1 = internal unnamed_addr addrspace(3) global \2 undef, align \3", text)
    text = re.sub(r"(%s) = fneg float (\S+)" % VALUE, r"\1 = fsub float -0.000000e+00, \2", text)
    while True:
        frozen = re.search(r"(?m)^  (%s) = freeze \S+ (\S+)\n" % VALUE, text)
        if not frozen:
            return text
        text = re.sub(re.escape(frozen.group(1)) + r"(?![-\w.$])", lambda m: frozen.group(2), text.replace(frozen.group(0), ""))


def conversions(text):
    """AIR has functions between whole numbers and floats."""
    kinds = {"sitofp": ("f", "s"), "uitofp": ("f", "u"), "fptosi": ("s", "f"), "fptoui": ("u", "f")}
    declared = set()

    def call(m):
        value, operation, source, operand, target = m.groups()
        to, of = kinds[operation]
        name = "air.convert.%s.%s.%s.%s" % (to, SHORT.get(target, target), of, SHORT.get(source, source))
        declared.add("declare %s @%s(%s)\n" % (target, name, source))
        return "%s = tail call %s @%s(%s %s)" % (value, target, name, source, operand)

    text = re.sub(r"(%s) = (sitofp|uitofp|fptosi|fptoui) (\w+) (\S+) to (\w+)" % VALUE, call, text)
    return text + "\n" + "".join(sorted(declared))


def funnel_shifts(text):
    """llvm.fshl and fshr: by a constant two shifts; by a variable k < width, (x << 1 << (31 - k)) | (y >> k) or its mirror image."""

    def shifts(m):
        v, way, t, x, y, by = m.groups()
        width = int(t[1:])
        if by.isdigit():
            left = int(by) % width if way == "l" else -int(by) % width
            lines = ["%s.h = shl %s %s, %d" % (v, t, x, left), "%s.l = lshr %s %s, %d" % (v, t, y, width - left)]
            if left == 0:
                raise ValueError("a funnel shift by nothing")
        else:
            first, second = ("shl", "lshr") if way == "r" else ("lshr", "shl")
            high, low = (x, y) if way == "r" else (y, x)
            lines = ["%s.k = and %s %s, %d" % (v, t, by, width - 1), "%s.r = xor %s %s.k, %d" % (v, t, v, width - 1),
                     "%s.a = %s %s %s, 1" % (v, first, t, high), "%s.h = %s %s %s.a, %s.r" % (v, first, t, v, v),
                     "%s.l = %s %s %s, %s.k" % (v, second, t, low, v)]
        return "\n".join("  " + line for line in [*lines, "%s = or %s %s.h, %s.l" % (v, t, v, v)])

    text = re.sub(r"(?m)^  (%s) = (?:tail )?call i\d+ @llvm\.fsh([lr])\.i\d+\((i\d+) (\S+), i\d+ (\S+), i\d+ ([^ )]+)\).*$" % VALUE, shifts, text)
    return re.sub(r"(?m)^declare i\d+ @llvm\.fsh.*\n", "", text)


def attributes(text):
    def kept(m):
        words = re.findall(r'"([^"]*)"(="[^"]*")?|(\w+(?:\(\d+\))?)', m.group(2))
        return "attributes #%s = { %s }" % (m.group(1), " ".join('"%s"%s' % (string, value) if string else enum for string, value, enum in words
                                                                 if string in STRING_ATTRIBUTES or enum in ENUM_ATTRIBUTES))

    def group(name):
        matrix = re.match(r"air\.simdgroup_matrix_8x8_(load|store)\.", name)
        if matrix:
            return {"load": LOADING, "store": STORING}[matrix.group(1)]
        return CONVERGENT if re.match(r"air\.(wg|simd|simdgroup)[._]", name) else PURE

    def parameters(name, listed):
        """Matrices are loaded and stored through pointers that go nowhere else."""
        promise = {LOADING: " nocapture readonly", STORING: " nocapture writeonly"}.get(group(name), "")
        return re.sub(r"\*(?: nocapture| readonly| writeonly)*(?=,)", "*" + promise, listed)

    text = re.sub(r"(?m)^attributes #(\d+) = \{ (.*) \}$", kept, text)
    text = re.sub(r"(?m)^declare (.*?) @(air\.[\w.]+)\((.*)\).*$",
                  lambda m: "declare %s @%s(%s) local_unnamed_addr #%s" % (m.group(1), m.group(2), parameters(m.group(2), m.group(3)), group(m.group(2))),
                  text)
    text = re.sub(r"(?m)^(  (?:%s = )?(?:tail )?call (?:\w+|<64 x \w+>)) @(air\.[\w.]+)\((.*)\)(?: #\d+)?$" % VALUE,
                  lambda m: "%s @%s(%s) #%s" % (m.group(1), m.group(2), m.group(3), group(m.group(2))), text)
    text += "".join("\nattributes #%s = { %s }" % g for g in GROUPS.items()) + "\n"
    live = set(re.findall(r"#(\d+)", re.sub(r"(?m)^attributes.*$", "", text)))
    return re.sub(r"(?m)^attributes #(\d+) = .*\n", lambda m: m.group(0) if m.group(1) in live else "", text)


def metadata(text, kernel, read_only):
    """Names the kernel and says what each of its parameters is."""
    nodes = []

    def node(content):
        nodes.append("!%d = !{%s}\n" % (9000 + len(nodes), content))
        return "!%d" % (9000 + len(nodes) - 1)

    signature = re.search(r"(?m)^define void @%s\((.*)\) [^{\n]*\{" % re.escape(kernel), text)
    structures = dict(re.findall(r"(?m)^%([\w.]+) = type \{ ([^}]*) \}", text))
    types, arguments = [], []
    for index, parameter in enumerate(split(signature.group(1))):
        name = parameter.rsplit(" ", 1)[1][1:]
        pointer = re.match(r"(\S+) addrspace\(([12])\)\*", parameter)
        if pointer:
            types.append(pointer.group(0))
            read = name in read_only or pointer.group(2) == "2"
            arguments.append(node(buffer(index, name, pointer.group(1), int(pointer.group(2)), read, structures)))
        else:
            types.append(re.match(r"<\d+ x \w+>|\w+", parameter).group(0))
            arguments.append(node('i32 %d, !"air.%s", !"air.arg_type_name", !"%s", !"air.arg_name", !"%s"' % (index, name, BUILT_INS[name], name)))
    described = node("void (%s)* @%s, %s, %s" % (", ".join(types), kernel, node(""), node(", ".join(arguments))))
    flags = [node('i32 2, !"SDK Version", [2 x i32] [i32 13, i32 0]'), node('i32 1, !"wchar_size", i32 4')]
    flags += [node('i32 7, !"air.max_%s", i32 %d' % limit) for limit in LIMITS.items()]
    options = [node('!"air.compile.%s"' % o) for o in ("denorms_disable", "fast_math_disable", "framebuffer_fetch_enable")]
    named = {"llvm.module.flags": flags, "llvm.ident": [node('!"gllm-kernels"')], "air.version": [node("i32 2, i32 5, i32 0")],
             "air.language_version": [node('!"Metal", i32 3, i32 0, i32 0')], "air.compile_options": options, "air.kernel": [described]}
    return "\n" + "".join("!%s = !{%s}\n" % (name, ", ".join(of)) for name, of in named.items()) + "\n" + "".join(nodes)


def buffer(index, name, element, space, read, structures):
    structure = structures.get(element[1:])
    size = 4 * len(structure.split(", ")) if structure else 4
    if (structure and set(structure.split(", ")) - {"i32", "float"}) or not (structure or element in NAMED):
        raise ValueError("parameter %s: only 32-bit elements and structures of them" % name)
    return ('i32 %d, !"air.buffer", %s!"air.location_index", i32 %d, i32 1, !"air.%s", !"air.address_space", i32 %d, '
            '!"air.arg_type_size", i32 %d, !"air.arg_type_align_size", i32 4, !"air.arg_type_name", !"%s", !"air.arg_name", !"%s"'
            % (index, '!"air.buffer_size", i32 %d, ' % size if structure else "", index, "read" if read else "read_write", space, size,
               re.sub(r"^%(struct\.)?", "", element) if structure else NAMED[element], name))


def split(text):
    """At commas outside brackets."""
    parts, depth, start = [], 0, 0
    for at, c in enumerate(text):
        depth += (c in "([{<") - (c in ")]}>")
        if c == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return parts + [text[start:].strip()]


def renumbered(text):
    """Values and blocks of the function by number: names would need tables that the vendor's modules do not have."""
    head, define, body = re.match(r"(?s)(.*?)^(define [^\n]*\n)(.*?)^\}$", text, re.M).groups()
    tail = text[len(head) + len(define) + len(body):]
    numbers = {}
    for parameter in split(re.search(r"@[\w.]+\((.*)\) [^()]*\{$", define.strip()).group(1)):
        numbers[parameter.rsplit(" ", 1)[1]] = "%%%d" % len(numbers)
    lines = []
    for line in body.splitlines():
        line = re.sub(r"\s*; preds.*$", "", line)
        defined = re.match(r"([-\w.$]+):$", line) or re.match(r"  %([-\w.$]+) = ", line)
        if defined:
            numbers["%" + defined.group(1)] = "%%%d" % len(numbers)
        elif not lines:
            raise ValueError("the first block has no label")
        lines.append(line)
    types = set(re.findall(r"(?m)^(%[-\w.$]+) = type", text))
    lines = [line if line.endswith(":") else re.sub(VALUE, lambda m: m.group(0) if m.group(0) in types else numbers[m.group(0)], line)
             for line in lines]
    body = "\n".join(numbers["%" + line[:-1]][1:] + ":" if line.endswith(":") else line for line in lines[1:])
    return head + re.sub(VALUE, lambda m: m.group(0) if m.group(0) in types else numbers[m.group(0)], define) + body + "\n" + tail


def features(text):
    """What a disassembled module uses, in the words of the allow-list."""
    found = set()
    groups = dict(re.findall(r"(?m)^attributes #(\d+) = \{ (.*) \}$", text))
    for line in text.splitlines():
        if line.startswith("  "):
            found |= instruction_features(line)
        elif line.startswith("declare "):
            result, name, parameters, group = re.match(r"declare (.*?) @([\w.]+)\((.*)\).*?(?:#(\d+))?$", line).groups()
            found |= {"decl %s @%s(%s)" % (result, name, parameters), "declattr {%s}" % " ".join(sorted(groups.get(group, "").split()))}
        elif line.startswith("define "):
            before, parameters, after = re.match(r"define (.*?)@\S+?\((.*)\) (.*?)\{$", line).groups()
            found.add("define " + re.sub(r"#\d+", "", before + "|" + after).strip())
            found |= {"param " + p for p in re.findall(r" (%s)" % PARAMETER_ATTRIBUTES, parameters)}
            found |= {"fnattr " + a for g in re.findall(r"#(\d+)", after) for a in re.findall(r'"[^"]*"(?:="[^"]*")?|\w+(?:\(\d+\))?', groups[g])}
        elif line.startswith("@"):
            kind, value = re.match(r"@\S+ = (.*?)(?:\[|float|half|i\d|%|<).*?(undef|zeroinitializer)?,", line).groups()
            found.add("global %s %s" % (kind.strip(), value))
        elif re.match(r"!(llvm|air)\.", line):
            found.add("named " + line.split(" ")[0])
        found |= {"md " + m for m in re.findall(r'!"(air\.[\w.]+)"', line)}
    return found


def instruction_features(line):
    operation = re.match(r"  (?:%[\w.]+ = )?(tail call|call|[a-z]+)", line)
    found = {"op " + operation.group(1)} if operation else set()
    cast = re.match(r"  %%[\w.]+ = (%s) (<\d+ x \w+>|\w+) \S+ to (<\d+ x \w+>|\w+)$" % CASTS, line)
    if cast:
        found.add("cast %s %s->%s" % cast.groups())
    found |= {"flag " + f for f in re.findall(r"\b(%s)\b" % FLAGS, line)}
    found |= {"mdkind " + k for k in re.findall(r", !([a-z_.]+) !\d+", line)}
    found |= {"int i" + w for w in re.findall(r"\bi(\d+)\b", line)}
    return found | {"vec %sx%s" % v for v in re.findall(r"<(\d+) x (\w+)>", line)}
