# What fits a head: functions of 80 lines (40 is usual), files of 800 (500), doors of 200.  A door is what other rooms
# include: src/<room>/<room>.h, and each header of base/ and mail/.  Lines of 120 columns (80 is usual in code).
. "$TOP/tests/lib-source.sh"

FUNCTION=80 FILE=800 DOOR=200

mapfile -t files < <(find src cmd tests/tool -name '*.[ch]' | LC_ALL=C sort)

for f in "${files[@]}"; do
	n=$(wc -l <"$f")
	most=$FILE
	dir=${f%/*}
	case $f in
	src/base/*.h | src/mail/*.h | "$dir/${dir##*/}.h") most=$DOOR ;;
	esac
	[ "$n" -le $most ] || complain "$f:1: $n lines; $most are enough"
done

# A function stands between its name and a } in column 0.
complain_of '' < <(awk -v most=$FUNCTION '
	/^[a-z_0-9]+\(/ { name = $0; sub(/\(.*/, "", name); start = FNR }
	/^{/ { if (name != "") open = 1 }
	/^}/ {
		if (open && FNR - start + 1 > most)
			print FILENAME ":" start ": " name "() has " FNR - start + 1 " lines; " most " are enough"
		name = ""
		open = 0
	}
	FNR == 1 { name = ""; open = 0 }' "${files[@]}")

mapfile -t files < <(find src cmd tests -name '*.[ch]' | LC_ALL=C sort)
complain_of '' < <(for f in "${files[@]}"; do
	expand "$f" | awk -v f="$f" 'length > 120 { print f ":" FNR ": " length " columns; 120 are enough" }'
done)

verdict
