# The table: goals first, then the results of run.sh.
#
# Everything is paired: the value of stored (or of the grown store) in a pair
# is divided by the other's in the same pair, and the median of those ratios
# is held against the goal.

function median(values, count,    i, j, value) {
	for (i = 2; i <= count; i++) {
		value = values[i]
		for (j = i - 1; j > 0 && values[j] > value; j--)
			values[j + 1] = values[j]
		values[j + 1] = value
	}
	least = values[1]
	most = values[count]
	if (count % 2)
		return values[(count + 1) / 2]
	return (values[count / 2] + values[count / 2 + 1]) / 2
}

function measure(key, name) {
	if (!((key, "requests") in field))
		return -1
	if (name == "rps")
		return field[key, "requests"] / field[key, "seconds"]
	if (name == "mib_second")
		return field[key, "bytes"] / field[key, "seconds"] / 1048576
	if (name == "cpu_request" && field[key, "requests"] > 0)
		return field[key, "cpu_s"] * 1e6 / field[key, "requests"]
	if (name == "cpu_gib" && field[key, "bytes"] > 0)
		return field[key, "cpu_s"] * 1073741824 / field[key, "bytes"]
	if (name == "resident_mib")
		return field[key, "resident_kib"] / 1024
	if (name == "p99")
		return field[key, "p99_us"]
	return -1
}

# Of the servers named SERVER or SERVER-something, the one that took the least
# processor time for a row.
function best_of(row, server,    name, pair, n, value, best, least_cost) {
	best = server
	for (name in servers) {
		if (name != server && index(name, server "-") != 1)
			continue
		n = 0
		for (pair = 1; pair <= pairs; pair++) {
			value = measure(row SUBSEP name SUBSEP pair, "cpu_gib")
			if (value >= 0)
				costs[++n] = value
		}
		if (n == 0)
			continue
		value = median(costs, n)
		if (least_cost == 0 || value < least_cost) {
			least_cost = value
			best = name
		}
	}
	return best
}

# Keys of a pair: ours and theirs.
function ours_of(row, pair) {
	return row SUBSEP (row == "grown" ? "grown" : "stored") SUBSEP pair
}

function theirs_of(row, against, pair) {
	if (against == "quiet" && row == "idle")
		return "quiet" SUBSEP "stored" SUBSEP pair
	if (against == "quiet")
		return row "-quiet" SUBSEP "stored" SUBSEP pair
	return row SUBSEP against SUBSEP pair
}

function number(value) {
	if (value >= 1000)
		return sprintf("%.0f", value)
	return sprintf(value >= 10 ? "%.1f" : "%.3f", value)
}

function verdict(value, sense, goal) {
	if (goal == "-")
		return ""
	if (sense == ">=" ? value >= goal : value <= goal)
		return "met"
	return "missed"
}

# One line of the table; nothing when the row was not run.
function report(g,    pair, n, value, middle, range, other) {
	n = 0
	if (against[g] != "-")
		against[g] = best_of(row[g], against[g])
	for (pair = 1; pair <= pairs; pair++) {
		value = measure(ours_of(row[g], pair), name[g])
		other = 1
		if (against[g] != "-")
			other = measure(theirs_of(row[g], against[g], pair),
			    name[g])
		if (value < 0 || other <= 0)
			continue
		n++
		ours[n] = value
		theirs[n] = other
		ratio[n] = value / other
	}
	if (n == 0) {
		if (row[g] in ran)
			printf "%-54s %9s %s\n", text[g], "failed", against[g]
		return
	}
	middle = median(ratio, n)
	range = sprintf("%.2f-%.2f", least, most)
	other = number(median(theirs, n))
	printf "%-54s %9s %-11s %9s %6.2f %11s  %-8s %s\n", text[g],
	    number(median(ours, n)), against[g], against[g] == "-" ? "" : other,
	    middle, range, goal[g] == "-" ? "" : sense[g] " " goal[g],
	    verdict(middle, sense[g], goal[g])
}

FNR == NR {
	if ($0 ~ /^#/ || NF == 0)
		next
	row[++goals] = $1
	name[goals] = $2
	against[goals] = $3
	sense[goals] = $4
	goal[goals] = $5
	text[goals] = $0
	sub(/^([^\t]*\t+)([^\t]*\t+)([^\t]*\t+)([^\t]*\t+)([^\t]*\t+)/, "",
	    text[goals])
	next
}

{
	key = $1 SUBSEP $2 SUBSEP $3
	servers[$2]
	if ($3 + 0 > pairs)
		pairs = $3 + 0
	for (i = 4; i <= NF; i++) {
		split($i, part, "=")
		field[key, part[1]] = part[2]
	}
	ran[$1]
	if ((key, "failed") in field)
		next
	runs++
	wanted = field[key, "cpu_s"] + field[key, "wait_s"]
	waits[runs] = wanted > 0 ? field[key, "wait_s"] / wanted : 0
	busy[runs] = field[key, "client_s"] / field[key, "seconds"]
}

END {
	printf "%-54s %9s %-11s %9s %6s %11s  %-8s\n", "", "stored", "against",
	    "", "ratio", "range", "goal"
	for (g = 1; g <= goals; g++)
		report(g)
	if (runs == 0)
		exit
	middle = median(waits, runs)
	printf "\nThe servers waited for their core %.1f%% of the time they" \
	    " wanted it (median; most %.1f%%):\nabove a few percent something" \
	    " else ran, and requests/s and p99 mean little.\n", middle * 100,
	    most * 100
	middle = median(busy, runs)
	printf "The client was busy %.0f%% of the time (median; most %.0f%%):" \
	    " near 100%% it holds the faster server back.\n", middle * 100,
	    most * 100
}
