# Completions of caviar for bash. To have them in this shell: source <(caviar completions bash)

# The names of the studies, if a coordinator answers quickly. Takes the address, or "".
_caviar_studies() {
  caviar study list --patience 300ms ${1:+--coordinator "$1"} 2>/dev/null |
    awk 'NR > 1 { print $1 }'
}

# The commands, or what one of them takes besides options: "name" a study, "file" a file, "either", or words.
_caviar_takes() {
  case $1 in
    "") echo "study trial run best importance whatif ask report tell export worker server completions" ;;
    study) echo "create list show wait stop resume update delete init try lint schema verify" ;;
    trial) echo "add list show logs retry cancel" ;;
    worker) echo "list" ;;
    server) echo "status usage backup" ;;
    completions) echo "bash" ;;
    "study create" | "study try" | run | "server backup") echo "file" ;;
    "study lint") echo "either" ;;
    "study show" | "study wait" | "study stop" | "study resume" | "study update" | "study delete" | "study verify") echo "name" ;;
    "trial add" | "trial list" | "trial show" | "trial logs" | "trial retry" | "trial cancel" | best | importance | whatif | ask | report | tell | export) echo "name" ;;
  esac
}

_caviar_options() {
  local connection="--coordinator --patience --token-file --tls-ca --tls-cert --tls-key" output="--output --help"
  case $1 in
    "") echo "--version --help $connection" ;;
    "study create") echo "--name --if-not-exists --dry-run $connection $output" ;;
    "study show") echo "--revision --as-file $connection $output" ;;
    "study update")
      echo "--dry-run --max-trials --parallel --max-failed --max-duration --max-attempts --max-steps --no-gain" \
        "--weight --target --sampler --pruner --mode --grace --eta --warm-up --p-value --max-step" "$connection $output"
      ;;
    "study stop") echo "--end $connection $output" ;;
    "study init") echo "--preset --help" ;;
    "study schema" | "study try" | completions) echo "--help" ;;
    run) echo "--slots --name --data-dir --dataset-dir --help" ;;
    "trial logs") echo "--attempt --follow --tail --help $connection" ;;
    "trial list") echo "--state --order-by --limit $connection $output" ;;
    best) echo "--top --save-model --trial --force $connection $output" ;;
    importance) echo "--metric $connection $output" ;;
    "server backup") echo "--force $connection $output" ;;
    whatif) echo "--pruner --mode --grace --eta --warm-up --p-value --max-step $connection $output" ;;
    ask) echo "--count --lease $connection $output" ;;
    report) echo "--step $connection $output" ;;
    tell) echo "--failed --infeasible --message $connection $output" ;;
    export) echo "--format --output --force --help $connection" ;;
    *) echo "$connection $output" ;;
  esac
}

# Words that an option of a command takes.
_caviar_values() {
  case $1 in
    --output) if [[ $2 == export ]]; then :; elif [[ $2 == importance ]]; then echo "table json yaml csv"; elif [[ $2 == best ]]; then echo "table json yaml flags"; else echo "table json yaml"; fi ;;
    --pruner) echo "none median asha hyperband wilcoxon" ;;
    --sampler) echo "random sobol coarse_to_fine tpe gp cma_es auto" ;;
    --mode) echo "stop promote" ;;
    --format) echo "csv json" ;;
    --preset) echo "batch-norm-mlp" ;;
    --state) echo "waiting running paused completed pruned failed infeasible cancelled" ;;
    --order-by) echo "number objective create_time end_time" ;;
  esac
}

_caviar() {
  # bash takes host:port and --output=json apart; put them together again.
  local words=("${COMP_WORDS[0]}") word i
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == : || ${words[-1]} == *: ]]; then
      words[-1]+=$word
    elif [[ $word != = ]]; then
      words+=("$word")
    fi
  done
  local last=$((${#words[@]} - 1))
  if [[ ${COMP_WORDS[COMP_CWORD]} == = ]]; then
    words+=("")
    last=$((last + 1))
  fi
  local current=${words[last]} previous=${words[last - 1]}

  local command="" arguments=0 address=""
  for ((i = 1; i < last; i++)); do
    case ${words[i]} in
      --coordinator)
        i=$((i + 1))
        address=${words[i]}
        ;;
      --patience | --token-file | --tls-ca | --tls-cert | --tls-key | --output | --format | --preset | --state | --order-by | --limit | --top | \
        --save-model | --trial | --count | --lease | --step | --message | --name | --metric | --pruner | --mode | \
        --max-trials | --parallel | --max-failed | --max-duration | --max-attempts | --max-steps | --no-gain | --weight | \
        --target | --sampler | --revision | --attempt | --tail | --slots | --data-dir | --dataset-dir | --grace | --eta | --warm-up | --p-value | --max-step)
        i=$((i + 1))
        ;;
      -*) ;;
      *)
        case $command in
          "" | study | trial | worker | server) command="${command:+$command }${words[i]}" ;;
          *) arguments=$((arguments + 1)) ;;
        esac
        ;;
    esac
  done

  COMPREPLY=()
  local values takes
  values=$(_caviar_values "$previous" "$command")
  if [[ -n $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
  elif [[ "$command $previous" == "export --output" || $previous == --save-model || $previous == --data-dir || $previous == --dataset-dir ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_caviar_options "$command")" -- "$current")
  elif ((arguments == 0)); then
    takes=$(_caviar_takes "$command")
    case $takes in
      name) mapfile -t COMPREPLY < <(compgen -W "$(_caviar_studies "$address")" -- "$current") ;;
      either)
        mapfile -t COMPREPLY < <(compgen -f -- "$current"; compgen -W "$(_caviar_studies "$address")" -- "$current")
        ;;
      file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      *) mapfile -t COMPREPLY < <(compgen -W "$takes" -- "$current") ;;
    esac
  fi
}

complete -o filenames -F _caviar caviar
