"""What a contribution costs under Deposit-Refund-Take: prices that time makes, and multiples of them, one a file.

A **price** (`price.Price`) depends on when contributions came and nothing else. A **multiple** (`multiple.Multiple`)
depends on who adds what; the deposit is the price times all multiples, in whole wei downwards, and at least 1 wei
where there is a price.
"""
